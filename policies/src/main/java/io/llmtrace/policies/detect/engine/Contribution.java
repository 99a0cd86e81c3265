package io.llmtrace.policies.detect.engine;

import io.llmtrace.policies.exchange.Zone;

/**
 * What one feature of the combination model added to a segment's score. Holds no text.
 *
 * @param pointer JSON Pointer of the segment
 * @param zone the segment's zone
 * @param feature name of the feature, for example {@code ngram_window} or {@code rule_strong}
 * @param value what the stages said, on the feature's own scale
 * @param logOdds what that added to the natural logarithm of the odds that the segment is an
 *     attack; the sum over a segment gives its score
 */
public record Contribution(
    String pointer, Zone zone, String feature, double value, double logOdds) {}
