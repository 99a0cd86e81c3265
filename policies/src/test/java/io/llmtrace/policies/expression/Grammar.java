package io.llmtrace.policies.expression;

import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.detect.Severity;
import io.llmtrace.policies.exchange.Zone;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.Supplier;

/** Makes conditions of the whole language, and exchanges to ask them of. */
final class Grammar {
  private static final List<String> WORDS =
      List.of(
          "", "a", "web", "web-7", "search", "7", "-3", "1e3", "größe", "x", "user", "𝒳y",
          "pi-001");

  private final Random random;

  /** Variables of the loops around: name and type. */
  private final List<String[]> elements = new ArrayList<>();

  Grammar(long seed) {
    this.random = new Random(seed);
  }

  @SafeVarargs
  private String any(Supplier<String>... choices) {
    return choices[random.nextInt(choices.length)].get();
  }

  private String one(String... choices) {
    return choices[random.nextInt(choices.length)];
  }

  String bool(int depth) {
    if (depth <= 0) {
      return any(
          () -> one("true", "false", "stream"),
          () -> fieldTest(),
          () -> "has(headers.h" + random.nextInt(4) + ")");
    }
    int d = depth - 1;
    return any(
        () -> "(" + bool(d) + " && " + bool(d) + ")",
        () -> "(" + bool(d) + " || " + bool(d) + ")",
        () -> "(" + bool(d) + " && " + bool(d) + " && " + bool(d - 1) + ")",
        () -> "!(" + bool(d) + ")",
        () -> "(" + bool(d) + " ? " + bool(d) + " : " + bool(d) + ")",
        () ->
            "(" + integer(d) + one(" == ", " != ", " < ", " <= ", " > ", " >= ") + integer(d) + ")",
        () -> "(" + real(d) + one(" == ", " != ", " < ", " <= ", " > ", " >= ") + real(d) + ")",
        () -> "(" + integer(d) + one(" < ", " <= ", " > ", " >= ") + number() + ")",
        () -> "(" + number() + one(" < ", " <= ", " > ", " >= ") + integer(d) + ")",
        () -> "(" + text(d) + one(" == ", " != ", " < ", " <= ", " > ", " >= ") + text(d) + ")",
        () -> "(" + time(d) + one(" == ", " != ", " < ", " <= ", " > ", " >= ") + time(d) + ")",
        () -> "(" + span(d) + one(" == ", " != ", " < ", " <= ", " > ", " >= ") + span(d) + ")",
        () -> "(" + bool(d) + one(" == ", " != ") + bool(d) + ")",
        () -> "(" + texts(d) + one(" == ", " != ") + texts(d) + ")",
        () -> "(" + integers(d) + one(" == ", " != ") + integers(d) + ")",
        () -> "(" + text(d) + " in " + texts(d) + ")",
        () -> "(" + integer(d) + " in " + integers(d) + ")",
        () -> "(" + real(d) + " in [" + real(d) + ", 0.5])",
        () -> "(" + text(d) + " in headers)",
        () -> text(d) + one(".contains(", ".startsWith(", ".endsWith(") + text(d) + ")",
        () ->
            text(d)
                + ".matches("
                + one("'^web'", "'[a-c]+$'", "'(?i)SEARCH'", "''", "'\\\\d'")
                + ")",
        () -> quantified(findings(d), "finding", d),
        () -> quantified(texts(d), "text", d),
        () -> quantified(integers(d), "integer", d),
        () -> fieldTest());
  }

  private String quantified(String range, String type, int depth) {
    if (elements.size() == Scope.DEEPEST_LOOP) {
      return "stream";
    }
    return range + one(".exists(", ".all(", ".exists_one(") + inLoop(type, () -> bool(depth)) + ")";
  }

  /** A loop's variable and what follows it. */
  private String inLoop(String type, Supplier<String> body) {
    String name = "e" + elements.size();
    elements.add(new String[] {name, type});
    String made = name + ", " + body.get();
    elements.remove(elements.size() - 1);
    return made;
  }

  private String element(String type, Supplier<String> otherwise) {
    List<String> names = new ArrayList<>();
    elements.stream().filter(each -> each[1].equals(type)).forEach(each -> names.add(each[0]));
    return names.isEmpty() ? otherwise.get() : names.get(random.nextInt(names.size()));
  }

  private String fieldTest() {
    String finding = finding();
    return "("
        + any(
            () ->
                finding
                    + ".type"
                    + one(" == ", " != ")
                    + quoted(anyOf(FindingType.values()).label()),
            () -> finding + ".type in ['jailbreak', 'pii_detected', 'shell_injection']",
            () -> finding + ".group" + one(" == ", " != ") + one("'attack'", "'leak'", "'use'"),
            () -> finding + ".zone in ['user', 'document']",
            () ->
                finding + ".severity" + one(" >= ", " == ", " < ") + one("low", "high", "critical"),
            () -> finding + ".confidence" + one(" >= ", " > ", " < ") + "0.5")
        + ")";
  }

  private String finding() {
    return element("finding", () -> "findings[" + random.nextInt(3) + "]");
  }

  private String integer(int depth) {
    if (depth <= 0) {
      return any(
          () -> one("0", "1", "-1", "2", "7", "9223372036854775807", "(-9223372036854775808)"),
          () -> one("segments", "bytes", "max_tokens", "uninspected_parts", "high", "info"),
          () -> element("integer", () -> "3"),
          () -> finding() + ".severity");
    }
    int d = depth - 1;
    return any(
        () -> "(" + integer(d) + one(" + ", " - ", " * ", " / ", " % ") + integer(d) + ")",
        () -> "-(" + integer(d) + ")",
        () -> "size(" + texts(d) + ")",
        () -> "size(" + findings(d) + ")",
        () -> "size(" + text(d) + ")",
        () -> "int(" + text(d) + ")",
        () -> "int(" + real(d) + ")",
        () -> integers(d) + "[" + integer(d) + "]",
        () -> "(" + bool(d) + " ? " + integer(d) + " : " + integer(d) + ")",
        () ->
            time(d)
                + "."
                + anyOf(Times.Part.values()).function()
                + one("()", "('Europe/Berlin')", "('+05:30')", "('-03:00')", "('UTC')"),
        () -> integer(0));
  }

  private String real(int depth) {
    if (depth <= 0) {
      return any(
          () -> one("0.0", "0.5", "-1.5", "1e300", "9223372036854775808.0", "2.0", "(0.0 / 0.0)"),
          () -> "score",
          () -> finding() + ".confidence");
    }
    int d = depth - 1;
    return any(
        () -> "(" + real(d) + one(" + ", " - ", " * ", " / ") + real(d) + ")",
        () -> "-(" + real(d) + ")",
        () -> "double(" + integer(d) + ")",
        () -> "double(" + text(d) + ")",
        () -> "(" + bool(d) + " ? " + real(d) + " : " + real(d) + ")",
        () ->
            elements.size() == Scope.DEEPEST_LOOP
                ? real(0)
                : findings(d)
                    + ".map("
                    + inLoop("finding", () -> real(d))
                    + ")["
                    + integer(d)
                    + "]",
        () -> real(0));
  }

  /**
   * A double that is a number: of an int and what is not a number CEL-Java says that the latter is
   * more, and it rounds the largest int; CEL's definition and ours is that nothing is said of the
   * one, as of two doubles, and that the other is itself.
   */
  private String number() {
    return any(
        () -> one("0.0", "0.5", "-1.5", "1e300", "2.0"),
        () -> "score",
        () -> finding() + ".confidence");
  }

  private String text(int depth) {
    if (depth <= 0) {
      return any(
          () -> quoted(WORDS.get(random.nextInt(WORDS.size()))),
          () -> one("tenant", "consumer", "agent", "route", "provider", "model", "path"),
          () -> "headers.h" + random.nextInt(4),
          () -> "headers['x-" + random.nextInt(2) + "']",
          () -> element("text", () -> "dialect"),
          () -> finding() + one(".type", ".group", ".zone", ".detector", ".rule", ".pointer"));
    }
    int d = depth - 1;
    return any(
        () -> "(" + text(d) + " + " + text(d) + ")",
        () -> texts(d) + "[" + integer(d) + "]",
        () -> "headers[" + text(d) + "]",
        () -> "string(" + integer(d) + ")",
        () -> "(" + bool(d) + " ? " + text(d) + " : " + text(d) + ")",
        () -> text(0),
        () -> text(0));
  }

  private String texts(int depth) {
    if (depth <= 0 || elements.size() == Scope.DEEPEST_LOOP) {
      return one("tools", "zones", "['user', 'web', 'search']", "['a']");
    }
    int d = depth - 1;
    return any(
        () -> "[" + text(d) + ", " + text(d) + "]",
        () -> texts(d) + ".filter(" + inLoop("text", () -> bool(d)) + ")",
        () -> findings(d) + ".map(" + inLoop("finding", () -> text(d)) + ")",
        () -> texts(d) + ".map(" + inLoop("text", () -> bool(d - 1) + ", " + text(d)) + ")",
        () -> texts(0));
  }

  private String integers(int depth) {
    int d = depth - 1;
    if (elements.size() == Scope.DEEPEST_LOOP) {
      return "[" + integer(d) + ", high]";
    }
    return any(
        () -> one("[0, 1, 2]", "[3, 3, 4]", "[high, low]", "[7]"),
        () -> "[" + integer(d) + ", " + integer(d) + "]",
        () -> findings(d) + ".map(" + inLoop("finding", () -> integer(d)) + ")");
  }

  private String findings(int depth) {
    return depth <= 0 || elements.size() == Scope.DEEPEST_LOOP || random.nextBoolean()
        ? "findings"
        : "findings.filter(" + inLoop("finding", () -> bool(depth - 1)) + ")";
  }

  private String time(int depth) {
    if (depth <= 0) {
      return one(
          "now",
          "now",
          "timestamp('2026-11-27T18:30:15Z')",
          "timestamp('0001-01-01T00:00:00Z')",
          "timestamp('9999-12-31T23:59:59+00:00')");
    }
    return any(
        () -> "(" + time(depth - 1) + one(" + ", " - ") + span(depth - 1) + ")", () -> time(0));
  }

  /**
   * Whole seconds: of a sum of -90 minutes and half a second CEL-Java says that it cannot be, since
   * its two parts have different signs.
   */
  private String span(int depth) {
    if (depth <= 0) {
      return one("duration('1h')", "duration('-90m')", "duration('30s')", "duration('2000000h')");
    }
    return any(
        () -> "(" + time(depth - 1) + " - " + time(depth - 1) + ")",
        () -> "(" + span(depth - 1) + one(" + ", " - ") + span(depth - 1) + ")",
        () -> span(0));
  }

  private static String quoted(String text) {
    return "'" + text + "'";
  }

  private <T> T anyOf(T[] values) {
    return values[random.nextInt(values.length)];
  }

  private String word() {
    return WORDS.get(random.nextInt(WORDS.size()));
  }

  Facts facts() {
    Map<String, String> headers = new HashMap<>();
    for (int i = random.nextInt(4); i > 0; i--) {
      headers.put(
          random.nextBoolean() ? "h" + random.nextInt(4) : "x-" + random.nextInt(2), word());
    }
    List<String> tools = new ArrayList<>();
    for (int i = random.nextInt(4); i > 0; i--) {
      tools.add(word());
    }
    Set<Zone> zones = EnumSet.noneOf(Zone.class);
    for (int i = random.nextInt(3); i > 0; i--) {
      zones.add(anyOf(Zone.values()));
    }
    return new TestFacts(
        word(),
        word(),
        word(),
        word(),
        word(),
        word(),
        "openai_chat",
        "POST",
        "/" + word(),
        random.nextBoolean(),
        tools,
        headers,
        zones,
        random.nextInt(4),
        random.nextInt(3) == 0 ? Long.MAX_VALUE : random.nextInt(10_000),
        random.nextInt(3) - 1L,
        random.nextInt(2),
        "inspected",
        1000
            * (Instant.parse("2026-11-27T18:30:15Z").getEpochSecond()
                + (random.nextInt(3) == 0 ? 0 : random.nextLong() >> 28)));
  }

  List<Finding> findingList() {
    List<Finding> findings = new ArrayList<>();
    for (int i = random.nextInt(4); i > 0; i--) {
      findings.add(
          TestFacts.finding(
              anyOf(FindingType.values()),
              anyOf(Severity.values()),
              random.nextInt(11) / 10.0,
              anyOf(Zone.values()),
              word()));
    }
    return findings;
  }
}
