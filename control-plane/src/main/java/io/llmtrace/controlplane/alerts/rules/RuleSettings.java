package io.llmtrace.controlplane.alerts.rules;

import io.llmtrace.policies.detect.Severity;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How a built-in rule is changed; null leaves what it has.
 *
 * @param threshold in the rule's own measure: shares between 0 and 1, seconds, findings a minute
 * @param until below which it is over, in the same measure
 * @param by labels that each have an incident of their own; those of the rule's data only
 */
public record RuleSettings(
    @Nullable Boolean enabled,
    @Nullable Double threshold,
    @Nullable Double until,
    @Nullable Duration window,
    @Nullable Duration lasting,
    @Nullable Duration keep,
    @Nullable Severity severity,
    @Nullable List<String> by) {

  /** Nothing is changed. */
  public static final RuleSettings UNCHANGED =
      new RuleSettings(null, null, null, null, null, null, null, null);
}
