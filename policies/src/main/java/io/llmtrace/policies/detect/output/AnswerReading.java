package io.llmtrace.policies.detect.output;

import io.llmtrace.policies.detect.SegmentReading;
import io.llmtrace.policies.exchange.Answer;
import java.util.List;

/**
 * An answer with all forms of its texts, and what is known of the question. Immutable.
 *
 * @param segments the readings of {@link Answer#segments()}
 */
public record AnswerReading(Answer answer, List<SegmentReading> segments, AnswerContext context) {
  public AnswerReading {
    segments = List.copyOf(segments);
  }
}
