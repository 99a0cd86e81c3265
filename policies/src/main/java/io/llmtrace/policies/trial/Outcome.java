package io.llmtrace.policies.trial;

import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.evaluate.Explanation;
import io.llmtrace.policies.policy.Action;
import io.llmtrace.policies.policy.BlockStyle;
import java.util.List;
import java.util.Optional;

/**
 * What became of a sample. Immutable.
 *
 * @param action what enforce mode does
 * @param rule the rule that decides
 * @param message what the caller reads, where a policy says so
 * @param blockStyle how a block is answered
 * @param redacted the body that goes on, where it is another
 * @param findings all that were found, those that do not count too
 * @param explanation how it came about
 */
public record Outcome(
    Action action,
    String rule,
    Optional<String> message,
    BlockStyle blockStyle,
    Optional<String> redacted,
    List<Finding> findings,
    Explanation explanation) {
  public Outcome {
    findings = List.copyOf(findings);
  }
}
