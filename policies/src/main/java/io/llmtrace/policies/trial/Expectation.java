package io.llmtrace.policies.trial;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.policy.Action;
import io.llmtrace.policies.policy.BlockStyle;
import java.util.List;
import java.util.Optional;

/**
 * What should become of a request; what is empty may be anything. Immutable.
 *
 * @param action what enforce mode does
 * @param rule the rule that decides, with or without the policy before it
 * @param redacted the text or the body that goes on
 * @param message what the caller reads
 * @param blockStyle how a block is answered
 * @param findings types that are found, among others
 */
public record Expectation(
    Action action,
    Optional<String> rule,
    Optional<JsonNode> redacted,
    Optional<String> message,
    Optional<BlockStyle> blockStyle,
    List<FindingType> findings) {
  public Expectation {
    findings = List.copyOf(findings);
  }
}
