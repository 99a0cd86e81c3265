package io.llmtrace.policies.redact;

import io.llmtrace.policies.json.WireJson;
import java.util.BitSet;

/**
 * Walks a JSON text (RFC 8259) token by token and says where each stands. It takes nothing that the
 * RFC does not allow and nothing deeper than {@link WireJson#MAX_DEPTH}: what another reader may
 * understand otherwise is {@link Token#BAD}. One for each thread and text; linear.
 */
final class JsonScan {
  /*
   * Jackson says where tokens are too, but not for a text inside a string of another, and not where
   * the content of a string ends. One walk for all layers keeps them alike; a property test holds it
   * against Jackson's.
   */
  enum Token {
    NAME,
    STRING,
    NUMBER,
    /** {@code true}, {@code false} or {@code null}. */
    LITERAL,
    START_OBJECT,
    END_OBJECT,
    START_ARRAY,
    END_ARRAY,
    /** The document is over, and so is the text. */
    END,
    /** This is no JSON; all that follows is this again. */
    BAD
  }

  private enum State {
    VALUE,
    VALUE_OR_END,
    NAME,
    NAME_OR_END,
    AFTER,
    BAD
  }

  private final String text;
  private final BitSet objects = new BitSet();
  private State state = State.VALUE;
  private int depth;
  private int at;
  private int from;
  private int to;

  JsonScan(String text) {
    this.text = text;
    // What RFC 8259 allows a reader to ignore.
    this.at = text.startsWith("\uFEFF") ? 1 : 0;
  }

  /** Whether a text is a document: an object, an array or a string. */
  static boolean isDocument(String text) {
    if (!looksLikeDocument(text)) {
      return false;
    }
    JsonScan scan = new JsonScan(text);
    Token token = scan.next();
    while (token != Token.END && token != Token.BAD) {
      token = scan.next();
    }
    return token == Token.END;
  }

  private static boolean looksLikeDocument(String text) {
    int start = blank(text, 0);
    return start < text.length() && "{[\"".indexOf(text.charAt(start)) >= 0;
  }

  /** Whether a text begins as an object or an array does, whatever becomes of it. */
  static boolean beginsAsContainer(String text) {
    int start = blank(text, 0);
    if (start >= text.length()) {
      return false;
    }
    char c = text.charAt(start);
    int next = blank(text, start + 1);
    if (next >= text.length()) {
      return c == '{' || c == '[';
    }
    char first = text.charAt(next);
    return (c == '{' && (first == '"' || first == '}'))
        || (c == '[' && "]{[\"-0123456789tfn".indexOf(first) >= 0);
  }

  private static int blank(String text, int from) {
    int i = from;
    while (i < text.length() && " \t\n\r\uFEFF".indexOf(text.charAt(i)) >= 0) {
      i++;
    }
    return i;
  }

  /** First character of the last token; of a name or a string the first of its content. */
  int from() {
    return from;
  }

  /** Character after the last token; of a name or a string the quote that ends it. */
  int to() {
    return to;
  }

  /** Containers that are open. */
  int depth() {
    return depth;
  }

  Token next() {
    Token token = state == State.BAD ? Token.BAD : read();
    if (token == Token.BAD) {
      state = State.BAD;
    }
    return token;
  }

  private Token read() {
    space();
    if (state == State.AFTER && depth > 0 && peek() == ',') {
      at++;
      space();
      state = objects.get(depth) ? State.NAME : State.VALUE;
    }
    if (at >= text.length()) {
      return state == State.AFTER && depth == 0 ? Token.END : Token.BAD;
    }
    char c = text.charAt(at);
    return switch (state) {
      case AFTER -> close(c);
      case NAME_OR_END -> c == '}' ? close(c) : name();
      case NAME -> name();
      case VALUE_OR_END -> c == ']' ? close(c) : value(c);
      case VALUE -> value(c);
      case BAD -> Token.BAD;
    };
  }

  private Token close(char c) {
    boolean object = objects.get(depth);
    if (depth == 0 || c != (object ? '}' : ']')) {
      return Token.BAD;
    }
    one();
    depth--;
    state = State.AFTER;
    return object ? Token.END_OBJECT : Token.END_ARRAY;
  }

  private Token name() {
    if (!string()) {
      return Token.BAD;
    }
    space();
    if (peek() != ':') {
      return Token.BAD;
    }
    at++;
    state = State.VALUE;
    return Token.NAME;
  }

  private Token value(char c) {
    if (c == '{' || c == '[') {
      if (++depth > WireJson.MAX_DEPTH) {
        return Token.BAD;
      }
      objects.set(depth, c == '{');
      one();
      state = c == '{' ? State.NAME_OR_END : State.VALUE_OR_END;
      return c == '{' ? Token.START_OBJECT : Token.START_ARRAY;
    }
    state = State.AFTER;
    return switch (c) {
      case '"' -> string() ? Token.STRING : Token.BAD;
      case 't' -> literal("true");
      case 'f' -> literal("false");
      case 'n' -> literal("null");
      default -> number() ? Token.NUMBER : Token.BAD;
    };
  }

  private void one() {
    from = at++;
    to = at;
  }

  private Token literal(String word) {
    if (!text.startsWith(word, at)) {
      return Token.BAD;
    }
    from = at;
    at += word.length();
    to = at;
    return Token.LITERAL;
  }

  private boolean string() {
    if (peek() != '"') {
      return false;
    }
    from = ++at;
    while (at < text.length()) {
      char c = text.charAt(at);
      if (c == '"') {
        to = at++;
        return true;
      }
      if (c < ' ') {
        return false;
      }
      if (c == '\\') {
        int length = Escapes.length(text, at);
        if (length == 0) {
          return false;
        }
        at += length;
      } else {
        at++;
      }
    }
    return false;
  }

  private boolean number() {
    from = at;
    if (peek() == '-') {
      at++;
    }
    if (peek() == '0') {
      at++;
    } else if (!digits()) {
      return false;
    }
    if (peek() == '.') {
      at++;
      if (!digits()) {
        return false;
      }
    }
    if (peek() == 'e' || peek() == 'E') {
      at++;
      if (peek() == '+' || peek() == '-') {
        at++;
      }
      if (!digits()) {
        return false;
      }
    }
    to = at;
    return true;
  }

  private boolean digits() {
    int start = at;
    while (peek() >= '0' && peek() <= '9') {
      at++;
    }
    return at > start;
  }

  private char peek() {
    return at < text.length() ? text.charAt(at) : '\0';
  }

  private void space() {
    while (at < text.length() && " \t\n\r".indexOf(text.charAt(at)) >= 0) {
      at++;
    }
  }
}
