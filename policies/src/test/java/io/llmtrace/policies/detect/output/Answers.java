package io.llmtrace.policies.detect.output;

import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.detect.Readings;
import io.llmtrace.policies.detect.SegmentReading;
import io.llmtrace.policies.detect.text.Normaliser;
import io.llmtrace.policies.exchange.Answer;
import io.llmtrace.policies.exchange.Dialect;
import io.llmtrace.policies.exchange.Exchange;
import io.llmtrace.policies.exchange.Segment;
import io.llmtrace.policies.exchange.Zone;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Builds answers and questions for the tests of this package. */
final class Answers {
  private Answers() {}

  static AnswerReading reading(AnswerContext context, Segment... segments) {
    List<SegmentReading> readings =
        Arrays.stream(segments).map(s -> Normaliser.read(s, Readings.unlimited())).toList();
    return new AnswerReading(
        new Answer(List.of(segments), List.of(), false, "stop", false, 0), readings, context);
  }

  static AnswerReading reading(AnswerContext context, String answer) {
    return reading(
        context, new Segment(Zone.ASSISTANT, "assistant", "/choices/0/message/content", answer));
  }

  static List<Finding> detect(AnswerDetector detector, AnswerContext context, String answer) {
    return detect(detector, reading(context, answer));
  }

  static List<Finding> detect(AnswerDetector detector, AnswerReading reading) {
    List<Finding> findings = new ArrayList<>();
    detector.detect(reading, Readings.unlimited(), findings::add);
    return findings;
  }

  /** What is kept of a question with these texts: zone, text, zone, text, … */
  static AnswerContext context(Object... zonesAndTexts) {
    List<Segment> segments = new ArrayList<>();
    for (int i = 0; i < zonesAndTexts.length; i += 2) {
      segments.add(
          new Segment((Zone) zonesAndTexts[i], "", "/" + i, (String) zonesAndTexts[i + 1]));
    }
    Exchange exchange =
        new Exchange(Dialect.OPENAI_CHAT, "openai", "m", false, segments, List.of(), 0);
    return AnswerContext.of(exchange, Readings.unlimited());
  }
}
