package io.llmtrace.controlplane.policies;

import io.llmtrace.controlplane.http.JsonBody;
import io.llmtrace.controlplane.http.Problem;
import io.llmtrace.policies.language.Policy;
import io.llmtrace.policies.language.PolicyProblemsException;
import io.llmtrace.policies.language.PolicyReader;
import io.llmtrace.policies.yaml.YamlProblem;
import java.time.LocalDate;
import java.util.List;

/**
 * The text of a policy, read.
 *
 * @param source as it was written
 * @param warnings what its author should look at
 */
record PolicyText(String source, Policy policy, List<YamlProblem> warnings) {
  /** Characters of the longest source. */
  static final int LONGEST = 1 << 20;

  /** Bytes of a body with a source, most of whose characters are escaped. */
  static final int LARGEST_BODY = 3 << 20;

  static final String EXPECTED = "a policy in YAML of 1 to " + LONGEST + " characters";

  private static final int MOST_TOLD = 50;

  static String source(JsonBody body) {
    return body.requiredText(
        "source", EXPECTED, text -> !text.isBlank() && text.length() <= LONGEST);
  }

  static PolicyText read(String source, LocalDate today) throws PolicyProblemsException {
    PolicyReader.Read read = PolicyReader.read(source, today);
    return new PolicyText(source, read.policy(), read.warnings());
  }

  /**
   * The same for who can do nothing without it.
   *
   * @throws jakarta.ws.rs.WebApplicationException 400 with each problem
   */
  static PolicyText required(String source, LocalDate today) {
    try {
      return read(source, today);
    } catch (PolicyProblemsException e) {
      throw new jakarta.ws.rs.WebApplicationException(
          e,
          Problem.fields(
                  e.problems().stream()
                      .limit(MOST_TOLD)
                      .map(each -> new Problem.FieldError("/source", each.toString()))
                      .toList())
              .getResponse());
    }
  }
}
