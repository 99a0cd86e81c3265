package io.llmtrace.policies.detect.action;

import io.llmtrace.policies.detect.action.Shell.Redirect;
import io.llmtrace.policies.detect.action.Shell.Word;
import java.util.List;

/**
 * A here document (POSIX.1-2017, 2.7.4) that a line of commands announced: its body follows the
 * line.
 *
 * @param delimiter what stands alone on the line that ends the body
 * @param into redirections of the command it was announced in; it becomes one of them
 */
record HereDocument(String delimiter, List<Redirect> into) {
  /** Characters of a line that are compared with the delimiter. */
  private static final int MOST_OF_A_LINE = 200;

  /** Reads the body, which begins at {@code from}; where the line behind its delimiter begins. */
  int read(String text, int from) {
    int line = from;
    while (line < text.length()) {
      int end = text.indexOf('\n', line);
      end = end < 0 ? text.length() : end;
      if (text.substring(line, Math.min(end, line + MOST_OF_A_LINE)).strip().equals(delimiter)) {
        take(text.substring(from, line), from);
        return Math.min(text.length(), end + 1);
      }
      line = end + 1;
    }
    take(from < text.length() ? text.substring(from) : "", from);
    return Math.max(from, text.length());
  }

  private void take(String body, int from) {
    into.add(new Redirect("<<", new Word(body, from, from + body.length(), true, List.of())));
  }
}
