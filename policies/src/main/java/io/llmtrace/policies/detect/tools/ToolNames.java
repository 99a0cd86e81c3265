package io.llmtrace.policies.detect.tools;

import com.google.re2j.Pattern;
import io.llmtrace.policies.detect.Evidence;
import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.detect.SegmentReading;
import io.llmtrace.policies.detect.Severity;
import io.llmtrace.policies.detect.TextView;
import io.llmtrace.policies.detect.parse.Letters;
import java.text.Normalizer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Tools that stand for others: one name twice, names that look alike, and a description that says
 * how another tool is to be used. Names are looked up in tables, so a list of any length takes
 * linear time.
 */
final class ToolNames {
  private static final int LONGEST_NAME = 64;
  private static final int LONGEST_DESCRIPTION = 64 * 1024;
  private static final int AROUND = 200;
  private static final int MOST_MENTIONS = 50;

  /**
   * Letters of other scripts that look like Latin ones (Unicode confusables.txt, the common part).
   */
  private static final String LOOK_ALIKE = "аеорсухіјѕԁһԛԝмкнтвαορνικτυχεꓮɑɡ";

  private static final String LATIN = "aeopcyxijsdhqwmkhtbaopviktuxeaag";

  /** A turn to the other tool, and something that its caller is then to do differently. */
  private static final Pattern REDEFINES =
      Pattern.compile(
          "(?i)\\b(?:must|always|should|need to|make sure|ensure)\\b[^.\\n]{0,80}\\b(?:bcc|cc|recipients?|address"
              + "|parameters?|arguments?|set|send|include|append|add|replace|change|redirect|forward|use)\\b");

  private static final Pattern AWAY =
      Pattern.compile(
          "(?i)[\\w.+-]+@[\\w-]+\\.[a-z]{2,}|https?://|\\b(?:do not|don.?t|never|without)\\s+(?:tell|mention"
              + "|inform|notify)|\\battacker|\\bsecretly|\\bsilently|\\.ssh\\b|\\bcredentials\\b");

  private static final Pattern REPLACES =
      Pattern.compile(
          "(?i)\\b(?:instead of|rather than|do not (?:use|call)|never (?:use|call)|don.?t (?:use|call)"
              + "|replaces?|supersedes?|in place of)\\b"
              + "|\\bis\\s+(?:deprecated|broken|unsafe|insecure|disabled|outdated)\\b");

  private ToolNames() {}

  static void detect(List<ToolDefinition> tools, InspectionBudget budget, Consumer<Finding> sink) {
    if (tools.size() < 2) {
      return;
    }
    Map<String, ToolDefinition> byName = new HashMap<>();
    Map<String, ToolDefinition> byLook = new HashMap<>();
    Map<String, ToolDefinition> byOwn = new HashMap<>();
    for (ToolDefinition tool : tools) {
      if (budget.spent()) {
        return;
      }
      if (!tool.name().isEmpty() && tool.name().length() <= LONGEST_NAME) {
        names(tool, byName, byLook, byOwn, sink);
      }
    }
    for (ToolDefinition tool : tools) {
      if (budget.spent()) {
        return;
      }
      mentions(tool, byName, byOwn, sink);
    }
  }

  private static void names(
      ToolDefinition tool,
      Map<String, ToolDefinition> byName,
      Map<String, ToolDefinition> byLook,
      Map<String, ToolDefinition> byOwn,
      Consumer<Finding> sink) {
    ToolDefinition same = byName.putIfAbsent(tool.name(), tool);
    if (same != null) {
      if (!same.digest().equals(tool.digest())) {
        shadow(tool, Severity.MEDIUM, 0.75, "same-name", same, sink);
      }
      return;
    }
    String look = look(tool.name());
    ToolDefinition alike = byLook.putIfAbsent(look, tool);
    if (alike != null) {
      boolean foreign = !isAscii(tool.name()) || !isAscii(alike.name());
      shadow(
          tool,
          foreign ? Severity.HIGH : Severity.LOW,
          foreign ? 0.85 : 0.5,
          "look-alike",
          alike,
          sink);
    } else if (!isAscii(tool.name()) && isAscii(look)) {
      shadow(tool, Severity.MEDIUM, 0.6, "foreign-letters", tool, sink);
    }
    ToolDefinition own = byOwn.putIfAbsent(tool.own(), tool);
    if (own != null && !own.server().equals(tool.server())) {
      shadow(tool, Severity.LOW, 0.5, "same-name-elsewhere", own, sink);
    }
  }

  private static void shadow(
      ToolDefinition tool,
      Severity severity,
      double confidence,
      String rule,
      ToolDefinition other,
      Consumer<Finding> sink) {
    sink.accept(
        ToolDetector.whole(
            tool.description(),
            FindingType.MCP_SHADOWING,
            severity,
            confidence,
            rule,
            Evidence.phrase(tool.name() + " beside " + other.name())));
  }

  private static boolean isAscii(String text) {
    return text.chars().allMatch(c -> c < 0x80);
  }

  /** What a name looks like: {@code get_ltem1} and {@code get_item1} are one. */
  static String look(String name) {
    String plain = Letters.lower(Normalizer.normalize(name, Normalizer.Form.NFKC));
    StringBuilder out = new StringBuilder(plain.length());
    for (int i = 0; i < plain.length(); i++) {
      char c = plain.charAt(i);
      int at = LOOK_ALIKE.indexOf(c);
      c = at >= 0 ? LATIN.charAt(at) : c;
      switch (c) {
        case '0' -> out.append('o');
        case '1', '|' -> out.append('l');
        case '-' -> out.append('_');
        default -> {
          if (Character.getType(c) != Character.FORMAT) {
            out.append(c);
          }
        }
      }
    }
    return out.toString();
  }

  /** What a description says of tools other than its own. */
  private static void mentions(
      ToolDefinition tool,
      Map<String, ToolDefinition> byName,
      Map<String, ToolDefinition> byOwn,
      Consumer<Finding> sink) {
    SegmentReading part = tool.description();
    TextView view = part.views().get(0);
    String text = view.text();
    int length = Math.min(text.length(), LONGEST_DESCRIPTION);
    int mentions = 0;
    int at = 0;
    while (at < length && mentions < MOST_MENTIONS) {
      if (!isNamePart(text.charAt(at))) {
        at++;
        continue;
      }
      int end = at;
      while (end < length && isNamePart(text.charAt(end))) {
        end++;
      }
      if (end - at >= 4 && end - at <= LONGEST_NAME) {
        String word = text.substring(at, end);
        ToolDefinition other = byName.containsKey(word) ? byName.get(word) : byOwn.get(word);
        if (other != null && !other.name().equals(tool.name()) && isTelling(word, text, at)) {
          mentions++;
          if (mention(tool, other, part, view, at, end, sink)) {
            return;
          }
        }
      }
      at = end;
    }
  }

  /** A name of one plain word ("search") is a word until it is marked as a name. */
  private static boolean isTelling(String word, String text, int at) {
    boolean marked = at > 0 && "`'\"".indexOf(text.charAt(at - 1)) >= 0;
    return marked
        || word.indexOf('_') > 0
        || word.indexOf('-') > 0
        || word.indexOf('.') > 0
        || !word.equals(Letters.lower(word));
  }

  private static boolean isNamePart(char c) {
    return Character.isLetterOrDigit(c) || c == '_' || c == '-';
  }

  private static boolean mention(
      ToolDefinition tool,
      ToolDefinition other,
      SegmentReading part,
      TextView view,
      int at,
      int end,
      Consumer<Finding> sink) {
    String text = view.text();
    String around = text.substring(Math.max(0, at - AROUND), Math.min(text.length(), end + AROUND));
    boolean redefines = REDEFINES.matcher(around).find() && AWAY.matcher(around).find();
    boolean replaces = !tool.server().equals(other.server()) && REPLACES.matcher(around).find();
    if (!redefines && !replaces) {
      return false;
    }
    sink.accept(
        part.finding(
            FindingType.MCP_SHADOWING,
            redefines ? Severity.HIGH : Severity.MEDIUM,
            redefines ? 0.85 : 0.6,
            view,
            at,
            end,
            ToolDetector.NAME,
            redefines ? "redefines" : "replaces",
            Evidence.phrase(tool.name() + " speaks of " + other.name())));
    return true;
  }
}
