package io.llmtrace.policies.redact;

import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.exchange.Segment;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;

/**
 * A JSON document made piece by piece, so that it is known which characters of it each span covers:
 * what a redaction must give is built beside it, without looking at the code under test.
 */
final class RandomDocument {
  private static final String[] PIECES = {
    "a",
    "b",
    "Z",
    "9",
    " ",
    "@",
    ".",
    "/",
    "\"",
    "\\",
    "\n",
    "\t",
    "\u0001",
    "\u007f",
    "é",
    "ß",
    "中",
    "\u2028",
    "\uFEFF",
    "😀",
    "🏳️‍🌈",
    "[",
    "]",
    "[EMAIL_1]",
    "[IBAN_12]",
    "_",
    "{",
    "}",
    ":",
    ","
  };
  private static final String[] KINDS = {"email", "iban"};

  private final Random random;

  /** Jackson refuses a name with a pair of escapes; such a body is read as one text. */
  private boolean inName;

  private final List<Segment> segments = new ArrayList<>();
  private final List<Finding> findings = new ArrayList<>();
  private final List<Cut> cuts = new ArrayList<>();

  /** What is said, whatever JSON it is wrapped in. */
  private final List<String> texts = new ArrayList<>();

  private final String raw;

  /** Characters of the document that a span covers, and the text that they say. */
  private record Cut(int start, int end, String kind, String value) {}

  /** A string's content as it is spelled, and what of it is covered. */
  private record Spelled(String raw, List<Cut> cuts) {}

  RandomDocument(long seed) {
    random = new Random(seed);
    StringBuilder out = new StringBuilder();
    if (chance(10)) {
      out.append('\uFEFF');
    }
    container(out, "", 0);
    space(out);
    raw = out.toString();
  }

  String raw() {
    return raw;
  }

  List<Segment> segments() {
    return segments;
  }

  List<Finding> findings() {
    return findings;
  }

  /** What stands for what, by the order of the document and around what it says already. */
  Map<String, String> values() {
    Map<String, String> byValue = numbers();
    Map<String, String> values = new LinkedHashMap<>();
    byValue.forEach((value, placeholder) -> values.put(placeholder, value.split("\0", 2)[1]));
    return values;
  }

  String expected() {
    Map<String, String> numbers = numbers();
    StringBuilder out = new StringBuilder();
    int done = 0;
    for (Cut cut : cuts) {
      out.append(raw, done, cut.start).append(numbers.get(cut.kind + '\0' + cut.value));
      done = cut.end;
    }
    return out.append(raw, done, raw.length()).toString();
  }

  private Map<String, String> numbers() {
    Map<String, String> numbers = new LinkedHashMap<>();
    Map<String, Integer> last = new LinkedHashMap<>();
    for (Cut cut : cuts) {
      String value = cut.kind + '\0' + cut.value;
      if (!numbers.containsKey(value)) {
        String placeholder;
        do {
          placeholder =
              "["
                  + cut.kind.toUpperCase(Locale.ROOT)
                  + "_"
                  + last.merge(cut.kind, 1, Integer::sum)
                  + "]";
        } while (says(placeholder));
        numbers.put(value, placeholder);
      }
    }
    return numbers;
  }

  private boolean says(String placeholder) {
    return texts.stream().anyMatch(text -> text.contains(placeholder));
  }

  private boolean chance(int percent) {
    return random.nextInt(100) < percent;
  }

  private void space(StringBuilder out) {
    while (chance(20)) {
      out.append(" \n\t\r".charAt(random.nextInt(4)));
    }
  }

  private void value(StringBuilder out, String pointer, int depth) {
    space(out);
    switch (random.nextInt(depth > 4 ? 6 : 9)) {
      case 0 -> out.append(chance(50) ? "-0.5e+3" : String.valueOf(random.nextLong()));
      case 1 -> out.append(chance(50) ? "null" : "true");
      case 2 -> nested(out, pointer, depth);
      case 3, 4, 5 -> string(out, pointer, text());
      default -> container(out, pointer, depth + 1);
    }
    space(out);
  }

  private void container(StringBuilder out, String pointer, int depth) {
    space(out);
    boolean object = chance(60);
    out.append(object ? '{' : '[');
    int size = random.nextInt(5);
    for (int i = 0; i < size; i++) {
      out.append(i > 0 ? "," : "");
      String step = Integer.toString(i);
      if (object) {
        space(out);
        String name = i + text();
        step = name.replace("~", "~0").replace("/", "~1");
        inName = true;
        string(out, pointer + "/" + step, name);
        inName = false;
        space(out);
        out.append(':');
        // A name that is a text leaves its value's pointer alone: which is meant would be open.
        if (segments.stream().anyMatch(s -> s.text().equals(name))) {
          out.append(random.nextInt(1000));
          continue;
        }
      }
      value(out, pointer + "/" + step, depth);
    }
    space(out);
    out.append(object ? '}' : ']');
  }

  private String text() {
    StringBuilder text = new StringBuilder();
    int length = random.nextInt(12);
    for (int i = 0; i < length; i++) {
      text.append(PIECES[random.nextInt(PIECES.length)]);
    }
    return "x" + text;
  }

  /** A string that is no JSON itself. */
  private void string(StringBuilder out, String pointer, String text) {
    texts.add(text);
    List<Cut> wanted = new ArrayList<>();
    int at = 0;
    while (chance(50)) {
      int start = text.offsetByCodePoints(at, 0) + random.nextInt(3);
      int end = start + 1 + random.nextInt(4);
      if (end > text.length() || inPair(text, start) || inPair(text, end)) {
        break;
      }
      wanted.add(new Cut(start, end, KINDS[random.nextInt(2)], text.substring(start, end)));
      at = end + 1;
      if (at >= text.length() || inPair(text, at)) {
        break;
      }
    }
    report(pointer, text, wanted);
    put(out, spelled(text, wanted));
  }

  private static boolean inPair(String text, int at) {
    return at > 0
        && at < text.length()
        && Character.isLowSurrogate(text.charAt(at))
        && Character.isHighSurrogate(text.charAt(at - 1));
  }

  /** A document in a string, as the arguments of a tool call are; two deep at times. */
  private void nested(StringBuilder out, String pointer, int depth) {
    RandomDocument inner = new RandomDocument(random.nextLong(), depth);
    texts.addAll(inner.texts);
    report(pointer, inner.raw, inner.cuts);
    put(out, spelled(inner.raw, inner.cuts));
  }

  private RandomDocument(long seed, int depth) {
    random = new Random(seed);
    StringBuilder out = new StringBuilder();
    container(out, "", Math.max(4, depth));
    raw = out.toString();
  }

  private void report(String pointer, String text, List<Cut> wanted) {
    segments.add(Spots.segment(pointer, text));
    for (Cut cut : wanted) {
      int start = text.codePointCount(0, cut.start);
      int end = text.codePointCount(0, cut.end);
      if (end - start > 2) {
        // The same span as two detectors may see it.
        findings.add(
            Spots.finding(cut.kind.equals("email") ? "iban" : "email", pointer, start + 1, end));
      }
      findings.add(Spots.finding(cut.kind, pointer, start, end));
    }
  }

  private void put(StringBuilder out, Spelled spelled) {
    int at = out.append('"').length();
    for (Cut cut : spelled.cuts) {
      cuts.add(new Cut(at + cut.start, at + cut.end, cut.kind, cut.value));
    }
    out.append(spelled.raw).append('"');
  }

  /** Each character as it is or as one of its escapes. */
  private Spelled spelled(String text, List<Cut> wanted) {
    StringBuilder out = new StringBuilder();
    int[] at = new int[text.length() + 1];
    for (int i = 0; i < text.length(); i++) {
      at[i] = out.length();
      char c = text.charAt(i);
      int known = "\"\\/\b\f\n\r\t".indexOf(c);
      boolean pair = Character.isSurrogate(c);
      if (pair && (inName || chance(50))) {
        out.append(text, i, i + 2);
        at[++i] = out.length();
      } else if (known >= 0 && (c != '/' || chance(50)) && chance(70)) {
        out.append('\\').append("\"\\/bfnrt".charAt(known));
      } else if (c < ' ' || c == '"' || c == '\\' || pair || chance(15)) {
        out.append(unit(c));
        if (pair) {
          at[++i] = out.length();
          out.append(unit(text.charAt(i)));
        }
      } else {
        out.append(c);
      }
    }
    at[text.length()] = out.length();
    return new Spelled(
        out.toString(),
        wanted.stream()
            .map(cut -> new Cut(at[cut.start], at[cut.end], cut.kind, cut.value))
            .toList());
  }

  private String unit(char c) {
    return String.format(chance(50) ? "\\u%04x" : "\\u%04X", (int) c);
  }
}
