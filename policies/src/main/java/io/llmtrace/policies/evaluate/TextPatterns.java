package io.llmtrace.policies.evaluate;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.re2j.Matcher;
import com.google.re2j.Pattern;
import io.llmtrace.policies.detect.Evidence;
import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.detect.Severity;
import io.llmtrace.policies.detect.engine.VerdictCache;
import io.llmtrace.policies.detect.signatures.QuickLook;
import io.llmtrace.policies.exchange.Segment;
import io.llmtrace.policies.language.TextPattern;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.TreeSet;

/**
 * Looks for the texts that policies name, in the texts as they were sent. What was looked through
 * before is remembered by its hash, since a conversation sends its history with every turn.
 * Thread-safe.
 */
final class TextPatterns {
  /** Detector of what is found. */
  static final String DETECTOR = "policy";

  /** Of one pattern in one text; each may have to be replaced. */
  static final int MOST_OF_A_PATTERN = 500;

  /** In all texts of an exchange. */
  static final int MOST = 2_000;

  /** Of the process, whatever the number of policies: what was looked through before. */
  private static final VerdictCache KNOWN = new VerdictCache(16 << 20);

  private record Compiled(TextPattern pattern, Pattern regex, QuickLook look) {
    static Compiled of(TextPattern pattern) {
      return new Compiled(
          pattern, Pattern.compile(pattern.pattern()), QuickLook.of(pattern.pattern()));
    }
  }

  private final List<Compiled> patterns;
  private final String name;

  TextPatterns(List<TextPattern> patterns) {
    this.patterns = patterns.stream().map(Compiled::of).toList();
    this.name = digest(patterns);
  }

  /** By which what is known of texts under these patterns is known. */
  private static String digest(List<TextPattern> patterns) {
    try {
      StringBuilder all = new StringBuilder();
      for (TextPattern each : patterns) {
        all.append(each.name()).append('\n').append(each.severity()).append('\n');
        all.append(new TreeSet<>(each.zones())).append('\n');
        all.append(each.pattern().length()).append('\n').append(each.pattern()).append('\n');
      }
      byte[] hash = MessageDigest.getInstance("SHA-256").digest(all.toString().getBytes(UTF_8));
      return HexFormat.of().formatHex(hash);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
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
      VerdictCache.Key key = KNOWN.key(name + "\n" + tenant, segment);
      VerdictCache.Verdict before = KNOWN.get(key);
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
        KNOWN.put(key, before);
      }
      found.addAll(before.at(segment));
      if (found.size() > MOST) {
        found.add(more(segment, Severity.HIGH));
        return true;
      }
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
    for (int n = 0; matcher.find(); n++) {
      if (n == MOST_OF_A_PATTERN) {
        found.add(more(segment, pattern.severity()));
        return;
      }
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

  /** Stands for what is left out; no redaction accepts it, since it is nowhere. */
  private static Finding more(Segment segment, Severity severity) {
    return new Finding(
        FindingType.CUSTOM_PATTERN,
        severity,
        1,
        segment.zone(),
        "",
        0,
        0,
        DETECTOR,
        Finding.TOO_MANY,
        "");
  }
}
