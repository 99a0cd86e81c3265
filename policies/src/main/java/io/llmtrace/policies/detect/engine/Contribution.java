package io.llmtrace.policies.detect.engine;

import io.llmtrace.policies.exchange.Zone;

/**
 * What one stage said of one segment, and what that did to the segment's score. Holds no text.
 *
 * @param pointer JSON Pointer of the segment
 * @param zone the segment's zone
 * @param stage name of the stage
 * @param what what it saw: a rule, a feature of the combination model
 * @param value how strong it was, on the stage's own scale
 * @param logOdds what it added to the natural logarithm of the odds that the segment is an attack;
 *     the sum over a segment gives its score
 */
public record Contribution(
    String pointer, Zone zone, String stage, String what, double value, double logOdds) {}
