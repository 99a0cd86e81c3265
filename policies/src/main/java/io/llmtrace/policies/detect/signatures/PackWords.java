package io.llmtrace.policies.detect.signatures;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.snakeyaml.engine.v2.nodes.Node;

/** Named parts of a pack's patterns. Used by one reader of a pack. */
final class PackWords {
  private static final Pattern WORD = Pattern.compile("\\{\\{([a-z0-9_]{1,40})}}");

  /** Takes what is wrong with the value of a key. */
  interface Problems {
    void problem(Node node, String where, String key, String what);
  }

  private final Map<String, String> words = new LinkedHashMap<>();
  private final Problems problems;

  PackWords(Problems problems) {
    this.problems = problems;
  }

  /** Adds words; a later one may name those before it. */
  void add(Map<String, Node> named) {
    for (Map.Entry<String, Node> word : named.entrySet()) {
      String text = PackReader.scalar(word.getValue());
      if (text == null || text.isEmpty()) {
        problems.problem(word.getValue(), "words", word.getKey(), "must be a text");
      } else {
        words.put(word.getKey(), expand(word.getValue(), "words", word.getKey(), text));
      }
    }
  }

  /** Puts words in the place of {@code {{name}}}. */
  String expand(Node node, String where, String key, String text) {
    Matcher matcher = WORD.matcher(text);
    StringBuilder out = new StringBuilder();
    int at = 0;
    while (matcher.find()) {
      String word = words.get(matcher.group(1));
      if (word == null) {
        problems.problem(node, where, key, "names the unknown word '" + matcher.group(1) + "'");
        return "";
      }
      out.append(text, at, matcher.start()).append("(?:").append(word).append(')');
      at = matcher.end();
      if (out.length() > PackLimits.LONGEST_PATTERN) {
        problems.problem(
            node, where, key, "must be at most " + PackLimits.LONGEST_PATTERN + " characters");
        return "";
      }
    }
    return out.append(text.substring(at)).toString();
  }
}
