package io.llmtrace.runtime.config;

import io.llmtrace.policies.detect.Severity;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A file of alert rules as it was written: everything is checked but the expressions, which the
 * control plane compiles.
 *
 * @param file as the caller named it
 */
public record AlertRuleFile(String file, List<Rule> rules, List<Case> tests) {
  /** Names of what a series of a test may count. */
  public static final List<String> COUNTED =
      List.of(
          "exchanges",
          "flagged",
          "redacted",
          "limited",
          "blocked",
          "partial",
          "uninspected",
          "requests",
          "errors",
          "unobserved",
          "findings",
          "lost",
          "tokens",
          "cost_usd");

  public AlertRuleFile {
    rules = List.copyOf(rules);
    tests = List.copyOf(tests);
  }

  /**
   * An expression with its place.
   *
   * @param key dotted path
   * @param line counted from 1
   */
  public record Expression(String text, String key, int line) {}

  /**
   * A rule. Either {@code when} or {@code match} is there.
   *
   * @param line of the rule, counted from 1
   * @param path dotted path of the rule
   * @param when of a rule about sums
   * @param until of a rule about sums: what must hold before it is over
   * @param match of a rule about findings
   * @param count findings that must match; of no meaning without {@code match}
   * @param firstSeen whether it is about the first finding of its labels that matches
   * @param value name of what is told as measured, or null
   * @param threshold that it is told against, or null
   * @param summary template, or null
   */
  public record Rule(
      int line,
      String path,
      String name,
      Severity severity,
      List<String> by,
      Duration window,
      Duration lasting,
      Duration keep,
      @Nullable Expression when,
      @Nullable Expression until,
      @Nullable Expression match,
      int count,
      boolean firstSeen,
      @Nullable Expression value,
      @Nullable Double threshold,
      @Nullable Expression summary,
      @Nullable URI runbook,
      Set<String> inhibits) {}

  /** A test: data over simulated time, and what is expected of it. */
  public record Case(String name, int line, List<Series> series, List<Expect> expect) {}

  /**
   * A steady stream of data.
   *
   * @param labels {@code tenant}, {@code route}, {@code provider}, {@code model}; of findings also
   *     {@code type}, {@code severity} and {@code action}
   * @param from seconds after the start, included
   * @param until seconds after the start, not included
   * @param perMinute by the names of {@link #COUNTED}
   * @param durationSeconds of each request
   * @param confidence of each finding, 0 to 1
   */
  public record Series(
      Map<String, String> labels,
      int from,
      int until,
      Map<String, Double> perMinute,
      double durationSeconds,
      double confidence) {}

  /**
   * The state of an incident at a time.
   *
   * @param at seconds after the start
   * @param labels that it must have; it may have more
   * @param state {@code none}, {@code pending}, {@code firing} or {@code resolved}
   */
  public record Expect(
      int line, String key, int at, String rule, Map<String, String> labels, String state) {}

  /**
   * Reads a file.
   *
   * @param env values of variables in it
   * @throws ConfigException with every problem, when there is one
   */
  public static AlertRuleFile load(Path file, Map<String, String> env) throws ConfigException {
    return AlertRuleReader.read(file.toString(), ConfigFile.text(file), env);
  }
}
