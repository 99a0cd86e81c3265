package io.llmtrace.controlplane.alerts.rules;

import io.llmtrace.policies.detect.Severity;
import java.time.Duration;
import java.util.List;
import java.util.Set;

/**
 * What is known of a rule besides its condition. Immutable.
 *
 * @param name lower case and underscores, such as {@code high_error_rate}
 * @param severity of its incidents, unless an observation says another
 * @param by names of the labels that each have an incident of their own; empty for one over all
 * @param window of the data that it looks at; zero where it looks at a state
 * @param lasting how long it must be active, in every look, before it is an incident
 * @param keep how long it must be clear, in every look, before an incident is over
 * @param summary template of {@link Observation#summary()}
 * @param runbook URL, or the path below the project's root for a built-in rule
 * @param inhibits names of rules whose incidents are not told while one of this is open and all
 *     labels that both have are equal
 */
public record AlertRule(
    String name,
    Severity severity,
    List<String> by,
    Duration window,
    Duration lasting,
    Duration keep,
    String summary,
    String runbook,
    Set<String> inhibits) {

  /** How long an incident's rule must be clear where nothing else is said. */
  public static final Duration KEEP = Duration.ofSeconds(60);

  public AlertRule {
    by = by.stream().sorted().distinct().toList();
    inhibits = Set.copyOf(inhibits);
  }
}
