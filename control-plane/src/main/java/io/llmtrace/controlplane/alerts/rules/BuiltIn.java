package io.llmtrace.controlplane.alerts.rules;

import io.llmtrace.controlplane.statistics.RecentFold;
import io.llmtrace.policies.detect.Severity;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The rules that are there from the start. The guide's four say what it says; its "Critical" is
 * {@link Severity#CRITICAL} and its "Warning" {@link Severity#MEDIUM}.
 */
public enum BuiltIn {
  HIGH_ERROR_RATE(
      Severity.CRITICAL,
      Allowed.SUMS,
      300,
      300,
      0.05,
      "{error_share} of {requests} requests failed with a status of 500 or more in the last {window}"
          + " (limit {threshold} %)."),
  HIGH_LATENCY(
      Severity.MEDIUM,
      Allowed.SUMS,
      300,
      300,
      5,
      "The slowest 5 % of {requests} requests took {p95_seconds} or more in the last {window} (limit"
          + " {threshold} s)."),
  BREAKER_OPEN(
      Severity.CRITICAL,
      Allowed.NODE,
      0,
      30,
      null,
      "The analysis breaker is open on {nodes_open} instance(s): traffic passes without being"
          + " looked at."),
  FINDING_SPIKE(
      Severity.MEDIUM,
      Allowed.SUMS,
      300,
      300,
      10,
      "{findings} findings in the last {window}: {findings_per_minute} a minute (limit"
          + " {threshold})."),
  SEVERE_FINDING(
      Severity.HIGH,
      Allowed.FINDINGS,
      300,
      0,
      0.8,
      "{findings} finding(s) of {type} in the last {window}, the worst of severity {worst}."),
  NODE_SILENT(
      Severity.HIGH,
      Allowed.NODE_FIXED,
      0,
      0,
      60,
      "Instance {node} has not reported for {silent}; its last report came at {reported_at}."),
  BUNDLE_REFUSED(
      Severity.HIGH,
      Allowed.NODE_FIXED,
      0,
      60,
      null,
      "Instance {node} does not take the policy bundle: {problem}."),
  INSPECTION_COVERAGE(
      Severity.HIGH,
      Allowed.SUMS,
      300,
      300,
      0.05,
      "{uninspected} of {exchanges} exchanges ({uninspected_share}) were not looked at in the last"
          + " {window} (limit {threshold} %)."),
  INGEST_LAG(
      Severity.MEDIUM,
      Allowed.NOTHING,
      60,
      120,
      60,
      "Records came up to {lag_seconds} late in the last {window} (limit {threshold} s)."),
  EVENTS_LOST(
      Severity.HIGH,
      Allowed.NOTHING,
      300,
      0,
      0,
      "{lost} records were dropped before they could be stored."),
  BUDGET_THRESHOLD(
      Severity.MEDIUM,
      Allowed.OWN,
      0,
      0,
      null,
      "Budget {budget} of tenant {tenant} ({about}): {spent} of {whole} is spent, {percent} %; it"
          + " has passed {threshold} %. Its window ends {until}."),
  ANOMALY(
      Severity.MEDIUM,
      Allowed.OWN,
      3_600,
      0,
      null,
      "{type} of tenant {tenant} {about}: {measure} was {observed}, up to {limit} is usual."),
  CHANNEL_FAILING(
      Severity.HIGH,
      Allowed.OWN,
      0,
      0,
      300,
      "Channel {channel} has failed for {failing}; {parked} message(s) were given up, the oldest that"
          + " waits is of {oldest}.");

  /** Labels that {@code by} may name. */
  private enum Allowed {
    SUMS,
    FINDINGS,
    NODE,
    /** Always by node. */
    NODE_FIXED,
    NOTHING,
    /** By what it is about, always. */
    OWN;

    List<String> labels() {
      return switch (this) {
        case SUMS -> List.of("tenant", "route", "provider", "model");
        case FINDINGS -> List.of("tenant", "route", "provider", "model", "type");
        case NODE -> List.of("node");
        case NODE_FIXED, NOTHING, OWN -> List.of();
      };
    }
  }

  private final String label = name().toLowerCase(Locale.ROOT);
  private final Severity severity;
  private final Allowed allowed;
  private final int window;
  private final int lasting;
  private final @Nullable Double threshold;
  private final String summary;

  BuiltIn(
      Severity severity,
      Allowed allowed,
      int window,
      int lasting,
      @Nullable Number threshold,
      String summary) {
    this.severity = severity;
    this.allowed = allowed;
    this.window = window;
    this.lasting = lasting;
    this.threshold = threshold == null ? null : (Double) threshold.doubleValue();
    this.summary = summary;
  }

  /** The rule's name, for example {@code high_error_rate}. */
  public String label() {
    return label;
  }

  /** By its name. */
  public static Optional<BuiltIn> of(String label) {
    return Arrays.stream(values()).filter(each -> each.label.equals(label)).findFirst();
  }

  /** Labels that {@link RuleSettings#by()} may name. */
  public List<String> allowedBy() {
    return allowed.labels();
  }

  /**
   * The rule with settings.
   *
   * @throws IllegalArgumentException for settings that it cannot have; the message says which
   */
  Watch watch(RuleSettings settings) {
    double limit = limit(settings);
    AlertRule rule = rule(settings);
    return switch (this) {
      case HIGH_ERROR_RATE -> above(rule, Measured.ERROR_SHARE, limit, settings);
      case HIGH_LATENCY -> above(rule, Measured.P95_SECONDS, limit, settings);
      case FINDING_SPIKE -> above(rule, Measured.FINDINGS_PER_MINUTE, limit, settings);
      case INSPECTION_COVERAGE -> above(rule, Measured.UNINSPECTED_SHARE, limit, settings);
      case INGEST_LAG -> above(rule, Measured.LAG_SECONDS, limit, settings);
      case EVENTS_LOST -> above(rule, Measured.LOST, limit, settings);
      case SEVERE_FINDING ->
          new FindingsWatch(
              rule,
              what -> what.severity().atLeast(rule.severity()) && what.tenths() >= 10 * limit,
              1,
              FindingsWatch.Kind.COUNT_AS_SEVERE);
      case BREAKER_OPEN -> new StateWatches.Breaker(rule);
      case NODE_SILENT -> new StateWatches.Silent(rule, limit);
      case BUNDLE_REFUSED -> new StateWatches.Bundle(rule);
      case BUDGET_THRESHOLD -> new StateWatches.BudgetThreshold(rule);
      case ANOMALY -> new StateWatches.AnomalySeen(rule);
      case CHANNEL_FAILING -> new StateWatches.Channel(rule, limit);
    };
  }

  private static Watch above(
      AlertRule rule, Measured measured, double limit, RuleSettings settings) {
    return new SumsWatch(rule, new Condition.Above(measured, limit, settings.until()));
  }

  private double limit(RuleSettings settings) {
    if (settings.threshold() != null && threshold == null) {
      throw new IllegalArgumentException(label + ".threshold: the rule has none");
    }
    double limit =
        settings.threshold() != null ? settings.threshold() : threshold == null ? 0 : threshold;
    boolean measures = allowed == Allowed.SUMS || allowed == Allowed.NOTHING;
    if (settings.until() != null && !(measures && settings.until() <= limit)) {
      throw new IllegalArgumentException(
          label
              + ".until: "
              + (measures ? "expected at most the threshold, " + limit : "the rule has none"));
    }
    return limit;
  }

  private AlertRule rule(RuleSettings settings) {
    List<String> by =
        settings.by() != null
            ? settings.by()
            : this == SEVERE_FINDING ? List.of("tenant", "route", "type") : List.of();
    if (!allowed.labels().containsAll(by)) {
      throw new IllegalArgumentException(
          label
              + ".by: expected "
              + (allowed.labels().isEmpty()
                  ? "nothing: the rule is always about the same"
                  : "some of " + String.join(", ", allowed.labels()))
              + ", was "
              + String.join(", ", by));
    }
    Duration windowSet = Duration.ofSeconds(window);
    if (settings.window() != null) {
      if (window == 0) {
        throw new IllegalArgumentException(label + ".window_seconds: the rule has no window");
      }
      if (settings.window().compareTo(RecentFold.LONGEST_WINDOW) > 0
          || settings.window().toSeconds() < 10) {
        throw new IllegalArgumentException(
            label
                + ".window_seconds: expected 10 to "
                + RecentFold.LONGEST_WINDOW.toSeconds()
                + ", was "
                + settings.window().toSeconds());
      }
      windowSet = settings.window();
    }
    return new AlertRule(
        label,
        settings.severity() == null ? severity : settings.severity(),
        by,
        windowSet,
        settings.lasting() == null ? Duration.ofSeconds(lasting) : settings.lasting(),
        settings.keep() == null ? AlertRule.KEEP : settings.keep(),
        summary,
        "docs/runbooks/" + label + ".md",
        this == BREAKER_OPEN ? Set.of(HIGH_ERROR_RATE.label, INSPECTION_COVERAGE.label) : Set.of());
  }
}
