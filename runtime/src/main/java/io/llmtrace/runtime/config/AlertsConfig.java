package io.llmtrace.runtime.config;

import io.llmtrace.policies.detect.Severity;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * {@code alerts}: where alerts go, how often the same one is told, and when.
 *
 * @param channels where they go; none is a control plane that keeps incidents to itself
 * @param publicUrl the address of the control plane as people reach it, for links; null where links
 *     go to its own port
 * @param evidence whether masked examples of what was found may be told
 * @param allowPrivateTargets hosts, or hosts with ports, that channels may reach although their
 *     addresses are private
 * @param pacing when something is told again
 * @param escalation who is told when nobody acknowledges, in order of time
 * @param rules changes to built-in rules by their names
 * @param ruleFiles files with rules of the user's own
 */
public record AlertsConfig(
    List<ChannelConfig> channels,
    @Nullable URI publicUrl,
    Evidence evidence,
    Set<String> allowPrivateTargets,
    Pacing pacing,
    List<Escalation> escalation,
    Map<String, RuleConfig> rules,
    List<Path> ruleFiles) {

  public AlertsConfig {
    channels = List.copyOf(channels);
    allowPrivateTargets = Set.copyOf(allowPrivateTargets);
    escalation = List.copyOf(escalation);
    rules = Map.copyOf(rules);
    ruleFiles = List.copyOf(ruleFiles);
  }

  /** What an alert may show of what was found. */
  public enum Evidence {
    NONE,
    MASKED
  }

  /**
   * When something is told again.
   *
   * @param repeat between reminders of an incident that nobody acknowledged
   * @param reopen an incident that begins again within this time of its end is the same one
   * @param cooldown an incident that begins again is not told within this time of the last telling
   */
  public record Pacing(Duration repeat, Duration reopen, Duration cooldown) {
    public static Pacing defaults() {
      return new Pacing(Duration.ofHours(4), Duration.ofMinutes(10), Duration.ZERO);
    }
  }

  /**
   * A step of escalation.
   *
   * @param after time that an incident has been firing, unacknowledged
   * @param channels names; they are told from this step on, and not before
   */
  public record Escalation(Duration after, Set<String> channels) {
    public Escalation {
      channels = Set.copyOf(channels);
    }
  }

  /**
   * Changes to a built-in rule; null is as it is shipped.
   *
   * @param enabled whether it is evaluated
   * @param threshold in the rule's own unit
   * @param until what it must come down to before it is over, in the same unit
   * @param window of data that it looks at
   * @param hold how long its condition must hold
   * @param keep how long it must be over before its incident is
   * @param severity of its incidents
   * @param by labels that have incidents of their own
   */
  public record RuleConfig(
      @Nullable Boolean enabled,
      @Nullable Double threshold,
      @Nullable Double until,
      @Nullable Duration window,
      @Nullable Duration hold,
      @Nullable Duration keep,
      @Nullable Severity severity,
      @Nullable List<String> by) {}

  /** No channel, everything else as shipped. */
  public static AlertsConfig none() {
    return to(List.of());
  }

  /** These channels, everything else as shipped. */
  public static AlertsConfig to(List<ChannelConfig> channels) {
    return new AlertsConfig(
        channels, null, Evidence.NONE, Set.of(), Pacing.defaults(), List.of(), Map.of(), List.of());
  }

  public AlertsConfig withAllowedTargets(Set<String> hosts) {
    return new AlertsConfig(
        channels, publicUrl, evidence, hosts, pacing, escalation, rules, ruleFiles);
  }

  public AlertsConfig withRules(Map<String, RuleConfig> changed) {
    return new AlertsConfig(
        channels, publicUrl, evidence, allowPrivateTargets, pacing, escalation, changed, ruleFiles);
  }

  /** Channels that are told only when an escalation reaches them. */
  public Set<String> escalationOnly() {
    return escalation.stream()
        .flatMap(step -> step.channels().stream())
        .collect(Collectors.toSet());
  }
}
