package io.llmtrace.policies.detect;

import io.llmtrace.policies.exchange.Segment;
import io.llmtrace.policies.exchange.Zone;
import java.util.ArrayList;
import java.util.List;

/**
 * What an answer can be grounded in: the documents and results of tools of its question. Immutable.
 * It holds content of clients, so it is kept for as long as it is needed, and its {@link
 * #toString()} tells nothing of it.
 *
 * @param texts the newest first
 * @param complete whether all of it is there; false where a bound has cut it
 */
public record Sources(List<String> texts, boolean complete) {
  /** There are none, or they are not known. */
  public static final Sources NONE = new Sources(List.of(), true);

  /** A string, its array and its place in a list, beside the characters. */
  private static final int OF_A_TEXT = 64;

  public Sources {
    texts = List.copyOf(texts);
  }

  /**
   * Those of a question, from its end on.
   *
   * @param mostBytes memory that they may take
   */
  public static Sources of(List<Segment> question, int mostBytes) {
    Collector collector = new Collector(mostBytes);
    for (int i = question.size() - 1; i >= 0 && collector.complete; i--) {
      Zone zone = question.get(i).zone();
      if (zone == Zone.DOCUMENT || zone == Zone.TOOL_RESULT) {
        collector.add(question.get(i).text());
      }
    }
    return collector.sources();
  }

  /** The newest of them that take at most so much memory. */
  public Sources within(int mostBytes) {
    if (bytes() <= mostBytes) {
      return this;
    }
    Collector collector = new Collector(mostBytes);
    for (int i = 0; i < texts.size() && collector.complete; i++) {
      collector.add(texts.get(i));
    }
    return collector.sources();
  }

  /** About how much memory they take. */
  public int bytes() {
    return texts.stream().mapToInt(Sources::bytes).sum();
  }

  public boolean isEmpty() {
    return texts.isEmpty();
  }

  @Override
  public String toString() {
    return "Sources[texts=" + texts.size() + ", bytes=" + bytes() + ", complete=" + complete + "]";
  }

  private static int bytes(String text) {
    return OF_A_TEXT + text.length() * bytesOfACharacter(text);
  }

  /** Java keeps a text of Latin-1 in a byte a character, every other in two. */
  private static int bytesOfACharacter(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (text.charAt(i) > 0xff) {
        return 2;
      }
    }
    return 1;
  }

  /** Takes texts until there is no room; of the one that does not fit it keeps the beginning. */
  private static final class Collector {
    private final List<String> texts = new ArrayList<>();
    private int left;
    private boolean complete = true;

    Collector(int mostBytes) {
      this.left = mostBytes;
    }

    void add(String text) {
      if (text.isBlank()) {
        return;
      }
      String head = head(text, Math.max(0, left - OF_A_TEXT));
      complete = head.length() == text.length();
      if (!head.isEmpty()) {
        texts.add(head);
        left -= bytes(head);
      }
    }

    private static String head(String text, int room) {
      // No more can fit, however long the text is.
      String head = text.length() <= room ? text : text.substring(0, room);
      int fits = room / bytesOfACharacter(head);
      return head.length() <= fits ? head : head.substring(0, fits);
    }

    Sources sources() {
      return texts.isEmpty() && complete ? NONE : new Sources(texts, complete);
    }
  }
}
