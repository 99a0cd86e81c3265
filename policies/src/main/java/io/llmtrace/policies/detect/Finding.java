package io.llmtrace.policies.detect;

import io.llmtrace.policies.exchange.Zone;

/**
 * Something that a detector saw. Immutable, and safe to store: it never holds the text it speaks
 * of.
 *
 * @param type what was seen
 * @param severity how bad it is
 * @param confidence between 0 and 1
 * @param zone the zone of the segment
 * @param pointer JSON Pointer of the segment, see {@link
 *     io.llmtrace.policies.exchange.Segment#pointer()}
 * @param start first code point of the span, counted in the segment's original text
 * @param end code point after the span
 * @param detector the detector's name, for example {@code signatures}
 * @param rule the rule inside the detector, for example {@code pi-001}
 * @param evidence what may be shown: masked, at most 120 characters
 */
public record Finding(
    FindingType type,
    Severity severity,
    double confidence,
    Zone zone,
    String pointer,
    int start,
    int end,
    String detector,
    String rule,
    String evidence) {
  /**
   * The rule of a finding that stands for more than can be kept: it is of no segment, and whoever
   * has to replace what was found cannot.
   */
  public static final String TOO_MANY = "too_many";

  /** Whether this stands for findings that were left out. */
  public boolean standsForMore() {
    return rule.equals(TOO_MANY);
  }
}
