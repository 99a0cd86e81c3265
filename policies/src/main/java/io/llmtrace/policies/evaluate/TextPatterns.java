package io.llmtrace.policies.evaluate;

import com.google.re2j.Matcher;
import com.google.re2j.Pattern;
import io.llmtrace.policies.detect.Evidence;
import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.detect.engine.VerdictCache;
import io.llmtrace.policies.detect.signatures.QuickLook;
import io.llmtrace.policies.exchange.Segment;
import io.llmtrace.policies.language.TextPattern;
import java.util.ArrayList;
import java.util.List;

/**
 * Looks for the texts that policies name, in the texts as they were sent. What was looked through
 * before is remembered by its hash, since a conversation sends its history with every turn.
 * Thread-safe.
 */
final class TextPatterns {
  /** Detector of what is found. */
  static final String DETECTOR = "policy";

  private static final int MOST_OF_A_PATTERN = 20;
  private static final long MEMORY = 4 << 20;

  private record Compiled(TextPattern pattern, Pattern regex, QuickLook look) {
    static Compiled of(TextPattern pattern) {
      return new Compiled(
          pattern, Pattern.compile(pattern.pattern()), QuickLook.of(pattern.pattern()));
    }
  }

  private final List<Compiled> patterns;
  private final VerdictCache known = new VerdictCache(MEMORY);

  TextPatterns(List<TextPattern> patterns) {
    this.patterns = patterns.stream().map(Compiled::of).toList();
  }

  boolean isEmpty() {
    return patterns.isEmpty();
  }

  /**
   * Adds what is found, from the newest text to the oldest.
   *
   * @return whether everything was looked through before the budget ended
   */
  boolean find(
      String tenant, List<Segment> segments, InspectionBudget budget, List<Finding> found) {
    for (int i = segments.size() - 1; i >= 0; i--) {
      Segment segment = segments.get(i);
      VerdictCache.Key key = known.key(tenant, segment);
      VerdictCache.Verdict before = known.get(key);
      if (before == null) {
        List<Finding> here = new ArrayList<>();
        char[] chars = segment.text().toCharArray();
        for (Compiled each : patterns) {
          if (budget.spent()) {
            return false;
          }
          look(each, segment, chars, here);
        }
        before = new VerdictCache.Verdict(here, 0);
        known.put(key, before);
      }
      found.addAll(before.at(segment));
    }
    return true;
  }

  private static void look(Compiled each, Segment segment, char[] chars, List<Finding> found) {
    TextPattern pattern = each.pattern();
    if ((!pattern.zones().isEmpty() && !pattern.zones().contains(segment.zone()))
        || !each.look().mayMatch(chars)) {
      return;
    }
    String text = segment.text();
    Matcher matcher = each.regex().matcher(text);
    int at = 0;
    int points = 0;
    for (int n = 0; n < MOST_OF_A_PATTERN && matcher.find(); n++) {
      points += text.codePointCount(at, matcher.start());
      at = matcher.start();
      found.add(
          new Finding(
              FindingType.CUSTOM_PATTERN,
              pattern.severity(),
              1,
              segment.zone(),
              segment.pointer(),
              points,
              points + text.codePointCount(matcher.start(), matcher.end()),
              DETECTOR,
              pattern.name(),
              Evidence.phrase(matcher.group())));
    }
  }
}
