/**
 * Reads what a model answered. An {@link io.llmtrace.policies.exchange.Answer} with the forms of
 * its segments, and what was remembered of the question, come in as an {@link
 * io.llmtrace.policies.detect.output.AnswerReading}; findings go out: a leaked system prompt or
 * canary, links that carry data away, risky code, and, where it is switched on, toxic words. All of
 * it beside the ordinary detectors, which read the same segments.
 */
@NullMarked
package io.llmtrace.policies.detect.output;

import org.jspecify.annotations.NullMarked;
