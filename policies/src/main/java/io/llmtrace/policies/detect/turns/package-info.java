/**
 * Reads a conversation as a whole. An {@link io.llmtrace.policies.detect.ExchangeReading} with what
 * the detectors of segments found comes in, findings of the types {@code many_shot_attack} and
 * {@code multi_turn_attack} go out. They are findings on the newest turn: what was said before
 * raises what it means, and is never judged anew.
 */
@NullMarked
package io.llmtrace.policies.detect.turns;

import org.jspecify.annotations.NullMarked;
