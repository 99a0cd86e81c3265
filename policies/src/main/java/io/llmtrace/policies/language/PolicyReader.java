package io.llmtrace.policies.language;

import io.llmtrace.policies.yaml.Given;
import io.llmtrace.policies.yaml.Problems;
import io.llmtrace.policies.yaml.ShapeReader;
import io.llmtrace.policies.yaml.YamlProblem;
import java.time.LocalDate;
import java.util.List;
import java.util.Optional;

/**
 * Reads policy files. A file is bounded in every direction, and its patterns and conditions are
 * compiled before it is accepted, so that what was read can be run. Stateless, thread-safe.
 */
public final class PolicyReader {
  private PolicyReader() {}

  /**
   * A policy, and what its author should look at.
   *
   * @param warnings in the order of the file
   */
  public record Read(Policy policy, List<YamlProblem> warnings) {
    public Read {
      warnings = List.copyOf(warnings);
    }
  }

  /**
   * Reads a policy.
   *
   * @throws PolicyProblemsException with every problem of the file, when there is one
   */
  public static Policy read(String yaml) throws PolicyProblemsException {
    return read(yaml, LocalDate.MIN).policy();
  }

  /**
   * The same with warnings: exceptions that hold no more, rules that never act.
   *
   * @param today in UTC
   * @throws PolicyProblemsException with every problem of the file, when there is one
   */
  public static Read read(String yaml, LocalDate today) throws PolicyProblemsException {
    Problems problems = new Problems();
    Conditions conditions = new Conditions(yaml, problems);
    Optional<Given.Section> file =
        ShapeReader.read(yaml, PolicyLimits.YAML, PolicySchema.policy(), problems);
    file.ifPresent(given -> new PolicyChecks(problems, conditions).check(given));
    if (file.isEmpty() || !problems.none()) {
      throw new PolicyProblemsException(problems.all());
    }
    Policy policy = new PolicyBinder(conditions).policy(file.get());
    return new Read(policy, PolicyWarnings.of(policy, file.get(), today));
  }
}
