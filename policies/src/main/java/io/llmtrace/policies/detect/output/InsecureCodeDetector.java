package io.llmtrace.policies.detect.output;

import com.google.re2j.Matcher;
import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.detect.SegmentReading;
import io.llmtrace.policies.detect.TextView;
import io.llmtrace.policies.detect.parse.FencedCode;
import io.llmtrace.policies.detect.parse.Letters;
import io.llmtrace.policies.exchange.Zone;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Finds weaknesses in the code blocks of an answer, by the language that a block names. It is
 * advice to whoever is about to use the code: low or medium, and by itself no reason to block.
 * Patterns see one statement and no flow of data, so they keep to what is wrong wherever its data
 * comes from. Thread-safe.
 */
final class InsecureCodeDetector implements AnswerDetector {
  /** The stage's name. */
  static final String NAME = "insecure_code";

  private static final int WINDOW = 16 * 1024;
  private static final int OVERLAP = 512;
  private static final int MOST_OF_A_RULE = 5;

  private final Map<String, List<CodeRule>> byLanguage = new HashMap<>();

  /** With the rules that the product ships. */
  InsecureCodeDetector() {
    for (CodeRule rule : CodeRules.builtIn()) {
      for (String language : rule.languages()) {
        byLanguage.computeIfAbsent(language, l -> new ArrayList<>()).add(rule);
      }
    }
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public void detect(AnswerReading reading, InspectionBudget budget, Consumer<Finding> sink) {
    for (SegmentReading segment : reading.segments()) {
      if (segment.segment().zone() != Zone.ASSISTANT) {
        continue;
      }
      TextView view = segment.views().get(0);
      for (FencedCode block : FencedCode.find(view.text())) {
        List<CodeRule> rules = byLanguage.getOrDefault(block.language(), List.of());
        for (int from = block.start(); !rules.isEmpty() && from < block.end(); ) {
          if (budget.spent()) {
            return;
          }
          int to = Math.min(block.end(), from + WINDOW);
          window(rules, segment, view, from, to, budget, sink);
          from = to == block.end() ? to : to - OVERLAP;
        }
      }
    }
  }

  private static void window(
      List<CodeRule> rules,
      SegmentReading segment,
      TextView view,
      int from,
      int to,
      InspectionBudget budget,
      Consumer<Finding> sink) {
    String code = view.text().substring(from, to);
    String lower = Letters.lower(code);
    for (CodeRule rule : rules) {
      if (!Letters.containsAny(lower, rule.literals())) {
        continue;
      }
      if (budget.spent()) {
        return;
      }
      Matcher matcher = rule.pattern().matcher(code);
      for (int i = 0; i < MOST_OF_A_RULE && matcher.find(); i++) {
        sink.accept(
            segment.finding(
                FindingType.INSECURE_CODE,
                rule.severity(),
                rule.confidence(),
                view,
                from + matcher.start(),
                from + matcher.end(),
                NAME,
                rule.id(),
                rule.cwe() + ": " + rule.title()));
      }
    }
  }
}
