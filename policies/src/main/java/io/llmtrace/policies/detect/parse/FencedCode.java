package io.llmtrace.policies.detect.parse;

import io.llmtrace.policies.detect.TextView;
import java.util.ArrayList;
import java.util.List;

/**
 * Code blocks of Markdown text, after CommonMark's rules for fences (three or more of {@code `} or
 * {@code ~}; closed by at least as many; a block that is not closed goes to the end).
 *
 * @param language the first word after the fence in lower case; empty where there is none
 * @param start first character of the block's content in the view
 * @param end character after the content
 */
public record FencedCode(String language, int start, int end) {
  /** Blocks read of one text: an answer has a dozen, a hostile one has as many as it likes. */
  private static final int MOST_BLOCKS = 1000;

  /** The blocks in the order of the text. */
  public static List<FencedCode> find(String text) {
    List<FencedCode> blocks = new ArrayList<>();
    if (!text.contains("```") && !text.contains("~~~")) {
      return blocks;
    }
    String fence = "";
    String language = "";
    int content = 0;
    int at = 0;
    while (at < text.length() && blocks.size() < MOST_BLOCKS) {
      int end = text.indexOf('\n', at);
      int next = end < 0 ? text.length() : end + 1;
      String mark = fence(text, at, next);
      if (fence.isEmpty() && !mark.isEmpty()) {
        fence = mark;
        language = language(text, text.indexOf(mark, at) + mark.length(), next);
        content = next;
      } else if (!mark.isEmpty()
          && mark.charAt(0) == fence.charAt(0)
          && mark.length() >= fence.length()) {
        blocks.add(new FencedCode(language, content, at));
        fence = "";
      }
      at = next;
    }
    if (!fence.isEmpty() && content < text.length() && blocks.size() < MOST_BLOCKS) {
      blocks.add(new FencedCode(language, content, text.length()));
    }
    return blocks;
  }

  /** The block's content as a view. */
  public TextView view(TextView outer) {
    return Views.slice(outer, start, end, "code");
  }

  /** The fence that a line begins with. Lists and quotes indent fences, so any indent counts. */
  private static String fence(String text, int from, int to) {
    int i = from;
    while (i < to && (text.charAt(i) == ' ' || text.charAt(i) == '\t' || text.charAt(i) == '>')) {
      i++;
    }
    int start = i;
    if (i < to && (text.charAt(i) == '`' || text.charAt(i) == '~')) {
      char mark = text.charAt(i);
      while (i < to && text.charAt(i) == mark) {
        i++;
      }
    }
    return i - start >= 3 ? text.substring(start, i) : "";
  }

  private static String language(String text, int from, int to) {
    int i = from;
    while (i < to && (text.charAt(i) == ' ' || text.charAt(i) == '{' || text.charAt(i) == '.')) {
      i++;
    }
    int start = i;
    while (i < to && i - start < 30 && isNamePart(text.charAt(i))) {
      i++;
    }
    return Letters.lower(text.substring(start, i));
  }

  private static boolean isNamePart(char c) {
    return Character.isLetterOrDigit(c) || c == '+' || c == '#' || c == '-' || c == '_';
  }
}
