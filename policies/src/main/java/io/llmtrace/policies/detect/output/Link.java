package io.llmtrace.policies.detect.output;

import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.detect.parse.FencedCode;
import io.llmtrace.policies.detect.parse.Letters;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * An address in the text of an answer, and what a reader's program does with it.
 *
 * @param start first character of the address
 * @param end character after it
 */
record Link(Kind kind, int start, int end) {

  /** What becomes of an address. */
  enum Kind {
    /** Fetched as soon as the answer is shown. */
    FETCHED,
    /** Opened by a click. */
    CLICKED
  }

  static final int MOST = 500;
  private static final int LONGEST = 64 * 1024;
  private static final int LONGEST_TAG = 16 * 1024;
  private static final int MOST_OPEN = 64;

  private static final Set<String> FETCHING_TAGS =
      Set.of(
          "img", "iframe", "video", "audio", "source", "embed", "object", "link", "script", "input",
          "body", "image", "track", "frame", "picture", "meta");
  private static final Set<String> ADDRESS_ATTRIBUTES =
      Set.of(
          "src",
          "srcset",
          "href",
          "data",
          "poster",
          "background",
          "action",
          "style",
          "xlink:href",
          "formaction",
          "content");

  /** Markdown and HTML links, and bare addresses; code blocks are shown and not followed. */
  static List<Link> find(String text, InspectionBudget budget) {
    Finder finder = new Finder(text, budget);
    int from = 0;
    for (FencedCode block : FencedCode.find(text)) {
      finder.read(from, block.start());
      from = block.end();
    }
    finder.read(from, text.length());
    return finder.links;
  }

  private static final class Finder {
    private final String text;
    private final InspectionBudget budget;
    private final List<Link> links = new ArrayList<>();

    /** Places of opened brackets; negative for those of an image. */
    private final List<Integer> open = new ArrayList<>();

    private int covered;
    private int unclosed;

    Finder(String text, InspectionBudget budget) {
      this.text = text;
      this.budget = budget;
    }

    void read(int from, int to) {
      open.clear();
      for (int i = from; i < to && links.size() < MOST; i++) {
        if ((i & 8191) == 8191 && budget.spent()) {
          return;
        }
        char c = text.charAt(i);
        switch (c) {
          case '[' -> {
            if (open.size() < MOST_OPEN) {
              open.add(i > from && text.charAt(i - 1) == '!' ? -i - 1 : i);
            }
          }
          case ']' -> i = bracket(i, to);
          case '<' -> i = tag(i, to);
          case ':' -> bare(i, from, to);
          default -> {}
        }
      }
    }

    /** Reads what follows a closed bracket; returns the last character that was read. */
    private int bracket(int at, int to) {
      boolean image = false;
      if (!open.isEmpty()) {
        image = open.remove(open.size() - 1) < 0;
      }
      int next = at + 1;
      if (next < to && text.charAt(next) == '(') {
        int start = skipSpace(next + 1, to);
        int end = destination(start, to);
        add(image ? Kind.FETCHED : Kind.CLICKED, start, end);
        return Math.max(at, Math.max(end - 1, next));
      }
      if (next < to && text.charAt(next) == ':') {
        // A definition may serve an image as well as a link.
        int start = skipSpace(next + 1, to);
        int end = destination(start, to);
        add(Kind.FETCHED, start, end);
        return Math.max(at, end - 1);
      }
      return at;
    }

    private int skipSpace(int from, int to) {
      int i = from;
      while (i < to && i - from < 100 && (text.charAt(i) == ' ' || text.charAt(i) == '<')) {
        i++;
      }
      return i;
    }

    private int destination(int from, int to) {
      int depth = 0;
      int i = from;
      while (i < to && i - from < LONGEST) {
        char c = text.charAt(i);
        if (Character.isWhitespace(c) || c == '>' || (c == ')' && depth == 0)) {
          break;
        }
        depth += c == '(' ? 1 : c == ')' ? -1 : 0;
        i++;
      }
      return i;
    }

    private void add(Kind kind, int start, int end) {
      if (end > start && start >= covered && links.size() < MOST) {
        links.add(new Link(kind, start, end));
        covered = end;
      }
    }

    private int tag(int at, int to) {
      int i = at + 1;
      int name = i;
      while (i < to && i - name < 12 && Character.isLetter(text.charAt(i))) {
        i++;
      }
      if (i == name || at < unclosed) {
        return at;
      }
      String tag = Letters.lower(text.substring(name, i));
      boolean fetches = FETCHING_TAGS.contains(tag);
      if (!fetches && !tag.equals("a") && !tag.equals("form") && !tag.equals("div")) {
        return at;
      }
      int limit = Math.min(to, at + LONGEST_TAG);
      while (i < limit && text.charAt(i) != '>') {
        if (text.charAt(i) == '=') {
          i = attribute(i, limit, fetches);
        } else {
          i++;
        }
      }
      if (i < limit) {
        return i;
      }
      // No later tag is closed before there either, and each would be read to there again.
      unclosed = limit;
      return at;
    }

    /** Reads the value after an equals sign; returns the place after it. */
    private int attribute(int equals, int limit, boolean fetches) {
      int nameEnd = equals;
      while (nameEnd > 0 && text.charAt(nameEnd - 1) == ' ') {
        nameEnd--;
      }
      int nameStart = nameEnd;
      while (nameStart > 0 && nameEnd - nameStart < 12 && isAttribute(text.charAt(nameStart - 1))) {
        nameStart--;
      }
      int start = equals + 1;
      while (start < limit && text.charAt(start) == ' ') {
        start++;
      }
      if (start >= limit) {
        return limit;
      }
      char quote = text.charAt(start);
      boolean quoted = quote == '"' || quote == '\'';
      start += quoted ? 1 : 0;
      int end = start;
      while (end < limit
          && (quoted
              ? text.charAt(end) != quote
              : !Character.isWhitespace(text.charAt(end)) && text.charAt(end) != '>')) {
        end++;
      }
      String name = Letters.lower(text.substring(nameStart, nameEnd));
      if (name.equals("style")) {
        int url = text.substring(start, end).indexOf("url(");
        if (url >= 0) {
          int from = start + url + 4;
          add(Kind.FETCHED, from, destination(from, end));
        }
      } else if (ADDRESS_ATTRIBUTES.contains(name)) {
        add(fetches ? Kind.FETCHED : Kind.CLICKED, start, end);
      }
      return Math.min(limit, end + 1);
    }

    private static boolean isAttribute(char c) {
      return Character.isLetter(c) || c == ':' || c == '-';
    }

    private void bare(int colon, int from, int to) {
      if (!text.startsWith("://", colon) || colon < covered) {
        return;
      }
      int start = colon;
      while (start > from && colon - start < 8 && Character.isLetter(text.charAt(start - 1))) {
        start--;
      }
      int end = colon;
      while (end < to && end - start < LONGEST && !isEnd(text.charAt(end))) {
        end++;
      }
      add(Kind.CLICKED, start, end);
    }

    private static boolean isEnd(char c) {
      return Character.isWhitespace(c) || "<>\"'`)]}|\\".indexOf(c) >= 0;
    }
  }
}
