package io.llmtrace.controlplane.alerts.rules;

import io.llmtrace.controlplane.alerts.notice.Notice;
import io.llmtrace.policies.detect.Severity;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What one look saw of one rule and one group of labels. A group that a look has no observation of
 * is neither active nor in doubt: it counts as clear. Immutable.
 *
 * @param rule name of the rule
 * @param labels what it is about, sorted by name: {@code tenant}, {@code route}, {@code provider},
 *     {@code model}, {@code node}, {@code type}, {@code budget}, …; with the rule's name they are
 *     what an incident is known by. Empty where the rule sums over everything
 * @param severity of what is seen now; it may grow while the rule holds
 * @param active whether the rule's condition holds
 * @param clear whether it is over for sure; with hysteresis it may be neither active nor clear
 * @param value what was measured, in {@code unit}; finite
 * @param threshold what it is measured against, in {@code unit}; finite. Where it grows (a budget's
 *     next step), there is something new to tell although the incident is the same
 * @param unit such as {@code s}, {@code %}, {@code findings/min}; empty where it says nothing
 * @param counts totals over the rule's window, to be told: {@code findings}, {@code blocked},
 *     {@code flagged}, {@code errors}, {@code requests}, …
 * @param samples masked, at most three; empty unless the configuration allows them
 * @param summary what is seen, one to three sentences, ready to be shown
 */
public record Observation(
    String rule,
    Map<String, String> labels,
    Severity severity,
    boolean active,
    boolean clear,
    double value,
    double threshold,
    String unit,
    Map<String, Long> counts,
    List<Notice.Sample> samples,
    String summary) {

  /** A count that is no total: the highest confidence of what was found, in percent. */
  public static final String CONFIDENCE = "confidence_percent";

  /** Most samples of one observation. */
  public static final int MOST_SAMPLES = 3;

  public Observation {
    if (active && clear) {
      throw new IllegalArgumentException(rule + " is both active and clear");
    }
    labels = Collections.unmodifiableSortedMap(new TreeMap<>(labels));
    counts = Collections.unmodifiableSortedMap(new TreeMap<>(counts));
    samples = List.copyOf(samples);
  }

  /** An observation without a sentence of its own. */
  public Observation(
      String rule,
      Map<String, String> labels,
      Severity severity,
      boolean active,
      boolean clear,
      double value,
      double threshold,
      String unit,
      Map<String, Long> counts,
      List<Notice.Sample> samples) {
    this(rule, labels, severity, active, clear, value, threshold, unit, counts, samples, "");
  }

  Observation withSamples(List<Notice.Sample> found) {
    return new Observation(
        rule, labels, severity, active, clear, value, threshold, unit, counts, found, summary);
  }
}
