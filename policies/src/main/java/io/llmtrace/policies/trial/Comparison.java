package io.llmtrace.policies.trial;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.json.WireJson;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** Compares what became of a sample with what was expected. Stateless. */
public final class Comparison {
  private static final String NOTHING = "(none)";

  private Comparison() {}

  /**
   * One thing that is not as expected.
   *
   * @param what a key of {@code expect}
   */
  public record Difference(String what, String expected, String actual) {}

  /** All that is not as expected; empty when the test passes. */
  public static List<Difference> of(TrialCase test, Outcome outcome) {
    List<Difference> differences = new ArrayList<>();
    Expectation expected = test.expected();
    differ(differences, "action", expected.action().label(), outcome.action().label());
    expected
        .rule()
        .filter(rule -> !outcome.rule().equals(rule) && !outcome.rule().endsWith("/" + rule))
        .ifPresent(rule -> differ(differences, "rule", rule, outcome.rule()));
    expected
        .message()
        .ifPresent(
            message ->
                differ(
                    differences,
                    "message",
                    message.strip(),
                    outcome.message().map(String::strip).orElse(NOTHING)));
    expected
        .blockStyle()
        .ifPresent(
            style ->
                differ(differences, "block_style", style.label(), outcome.blockStyle().label()));
    expected.redacted().ifPresent(body -> redacted(differences, body, test.sample(), outcome));
    Set<FindingType> found =
        outcome.findings().stream()
            .map(Finding::type)
            .collect(Collectors.toCollection(TreeSet::new));
    if (!found.containsAll(expected.findings())) {
      differ(differences, "findings", labels(expected.findings()), labels(found));
    }
    return differences;
  }

  private static void redacted(
      List<Difference> differences, JsonNode expected, Sample sample, Outcome outcome) {
    String body = outcome.redacted().orElse(NOTHING);
    if (sample.textAt().isPresent() && outcome.redacted().isPresent()) {
      body = Trials.text(sample, body).orElse(body);
    }
    if (expected.isTextual()) {
      differ(differences, "redacted", expected.textValue(), body);
      return;
    }
    try {
      JsonNode actual = outcome.redacted().isEmpty() ? null : WireJson.mapper().readTree(body);
      if (!expected.equals(actual)) {
        differ(
            differences,
            "redacted",
            expected.toPrettyString(),
            actual == null ? NOTHING : actual.toPrettyString());
      }
    } catch (JsonProcessingException e) {
      differ(differences, "redacted", expected.toPrettyString(), body);
    }
  }

  private static String labels(Iterable<FindingType> types) {
    StringBuilder labels = new StringBuilder();
    types.forEach(type -> labels.append(labels.isEmpty() ? "" : ", ").append(type.label()));
    return labels.isEmpty() ? NOTHING : labels.toString();
  }

  private static void differ(
      List<Difference> differences, String what, String expected, String actual) {
    if (!expected.equals(actual)) {
      differences.add(new Difference(what, expected, actual));
    }
  }
}
