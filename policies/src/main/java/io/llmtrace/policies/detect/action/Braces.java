package io.llmtrace.policies.detect.action;

import io.llmtrace.policies.detect.action.Shell.Word;
import java.util.ArrayList;
import java.util.List;

/** Bash's brace lists: {@code {cat,/etc/passwd}} is two words without a space in sight. */
final class Braces {
  private static final int MOST_WORDS = 64;
  private static final int LONGEST = 4096;

  private Braces() {}

  /** The words that a word stands for; one level, and only lists that were not quoted. */
  static List<Word> expand(Word word) {
    String text = word.text();
    int open = text.indexOf('{');
    int close = text.lastIndexOf('}');
    if (word.quoted()
        || text.length() > LONGEST
        || !word.inner().isEmpty()
        || open < 0
        || close < open
        || (open > 0 && text.charAt(open - 1) == '$')
        || text.indexOf(',', open) < 0
        || text.indexOf(',', open) > close
        || text.indexOf('"') >= 0
        || text.indexOf(':') >= 0) {
      return List.of(word);
    }
    List<Word> words = new ArrayList<>();
    String head = text.substring(0, open);
    String tail = text.substring(close + 1);
    for (String part : text.substring(open + 1, close).split(",", MOST_WORDS)) {
      words.add(new Word(head + part + tail, word.start(), word.end(), false, List.of()));
    }
    return words;
  }
}
