package io.llmtrace.policies.detect.output;

import com.google.re2j.Matcher;
import com.google.re2j.Pattern;
import io.llmtrace.policies.detect.Evidence;
import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.detect.SegmentReading;
import io.llmtrace.policies.detect.Severity;
import io.llmtrace.policies.detect.TextView;
import io.llmtrace.policies.exchange.Zone;
import java.util.List;
import java.util.function.Consumer;

/**
 * A stopgap for toxic answers where no classifier is configured: threats, calls to self-harm and
 * coarse insults that are addressed to somebody, in English and German. It knows some twenty turns
 * of phrase and no context: it misses most of what is toxic, slurs altogether, and it takes a
 * quotation for speech. Therefore it is not among the detectors that run by default. Thread-safe.
 */
final class ToxicityDetector implements AnswerDetector {
  /** The stage's name. */
  static final String NAME = "toxicity_lexicon";

  private static final int WINDOW = 32 * 1024;
  private static final int OVERLAP = 256;
  private static final int MOST_FINDINGS = 5;

  private record Phrase(String rule, Severity severity, Pattern pattern) {
    static Phrase of(String rule, Severity severity, String pattern) {
      return new Phrase(rule, severity, Pattern.compile("(?i)" + pattern));
    }
  }

  private static final List<Phrase> PHRASES =
      List.of(
          Phrase.of(
              "threat",
              Severity.MEDIUM,
              "\\bi(?:.ll|\\s+will|.m\\s+going\\s+to)\\s+(?:kill|hurt|find\\s+and\\s+kill|destroy|murder)\\s+(?:you|your"
                  + "\\s+(?:family|children))\\b|\\bich\\s+bringe?\\s+(?:dich|euch|sie)\\s+um\\b"),
          Phrase.of(
              "self-harm",
              Severity.MEDIUM,
              "\\b(?:you\\s+should|go|just|please)\\s+(?:and\\s+)?(?:kill|hang|hurt)\\s+yourself\\b|\\bplease\\s+die\\b"
                  + "|\\bthe\\s+world\\s+would\\s+be\\s+better\\s+(?:off\\s+)?without\\s+you\\b|\\bbring\\s+dich\\s+(?:doch\\s+)?um\\b"),
          Phrase.of(
              "insult",
              Severity.LOW,
              "\\byou(?:.re|\\s+are)\\s+(?:(?:a|an|such\\s+an?|nothing\\s+but\\s+an?)\\s+)?(?:(?:so|really|just|worthless|complete|total|fucking|stupid)\\s+)?(?:idiot|moron"
                  + "|imbecile|worthless|pathetic|stupid|scum|piece\\s+of\\s+(?:trash|garbage|shit)|asshole|bitch"
                  + "|loser)\\b|\\bfuck\\s+you\\b|\\bdu\\s+(?:bist\\s+ein\\s+)?(?:idiot|arschloch|vollidiot)\\b"));

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public void detect(AnswerReading reading, InspectionBudget budget, Consumer<Finding> sink) {
    for (SegmentReading segment : reading.segments()) {
      if (segment.segment().zone() == Zone.ASSISTANT) {
        segment(segment, budget, sink);
      }
    }
  }

  private static void segment(
      SegmentReading segment, InspectionBudget budget, Consumer<Finding> sink) {
    TextView view = segment.views().get(0);
    String text = view.text();
    int found = 0;
    for (int from = 0; from < text.length(); from += WINDOW - OVERLAP) {
      int to = Math.min(text.length(), from + WINDOW);
      for (Phrase phrase : PHRASES) {
        if (budget.spent()) {
          return;
        }
        Matcher matcher = phrase.pattern().matcher(text.substring(from, to));
        if (matcher.find() && found++ < MOST_FINDINGS) {
          sink.accept(
              segment.finding(
                  FindingType.TOXIC_CONTENT,
                  phrase.severity(),
                  0.6,
                  view,
                  from + matcher.start(),
                  from + matcher.end(),
                  NAME,
                  phrase.rule(),
                  Evidence.phrase(matcher.group())));
        }
      }
      if (to == text.length()) {
        break;
      }
    }
  }
}
