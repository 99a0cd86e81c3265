package io.llmtrace.controlplane.alerts.rules;

import io.llmtrace.controlplane.statistics.RecentFinding;
import io.llmtrace.controlplane.statistics.RecentKeys;
import io.llmtrace.controlplane.statistics.RecentRow;
import io.llmtrace.controlplane.statistics.RecentSum;
import io.llmtrace.controlplane.statistics.RecentSums;
import io.llmtrace.policies.detect.Severity;
import io.llmtrace.runtime.config.AlertRuleFile;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Runs the tests of a file of rules on a simulated clock, without a database: data comes bucket by
 * bucket, and every ten seconds the rules look. Stateless.
 */
public final class RuleTests {
  private static final double TENTHS = 10;

  /**
   * How a test went.
   *
   * @param failures one line each; empty where it went well
   */
  public record Result(String name, List<String> failures) {}

  private RuleTests() {}

  /**
   * Runs the tests of a file.
   *
   * @param book with the file's rules
   */
  public static List<Result> run(RuleBook book, AlertRuleFile file) {
    return file.tests().stream().map(test -> run(book, file.file(), test)).toList();
  }

  private static Result run(RuleBook book, String file, AlertRuleFile.Case test) {
    List<String> failures = new ArrayList<>();
    RuleStates states = new RuleStates(book.rules());
    Map<Recent.Seen, Instant> known = new HashMap<>();
    List<RecentRow> sums = new ArrayList<>();
    List<RecentFinding> findings = new ArrayList<>();
    List<AlertRuleFile.Expect> due =
        test.expect().stream().sorted(Comparator.comparingInt(AlertRuleFile.Expect::at)).toList();
    int next = 0;
    int end = due.isEmpty() ? 0 : due.get(due.size() - 1).at();
    for (int second = 0; next < due.size() && second <= end + RecentRow.SECONDS; ) {
      Instant now = Instant.ofEpochSecond(second);
      look(book, states, known, Recent.at(now).withSums(sums).withFindings(findings));
      while (next < due.size() && due.get(next).at() < second + RecentRow.SECONDS) {
        check(book, file, states, due.get(next), failures);
        next++;
      }
      for (AlertRuleFile.Series series : test.series()) {
        add(series, second, sums, findings);
      }
      long oldest = second - 3_700L;
      sums.removeIf(row -> row.bucket() < oldest);
      findings.removeIf(row -> row.bucket() < oldest);
      second += RecentRow.SECONDS;
    }
    return new Result(test.name(), failures);
  }

  private static void look(
      RuleBook book, RuleStates states, Map<Recent.Seen, Instant> known, Recent recent) {
    Map<Recent.Seen, Instant> before = Map.copyOf(known);
    List<Recent.Seen> asked = book.asks(recent);
    states.take(book.look(recent.withSeen(before)), recent.now());
    asked.stream()
        .filter(each -> !before.containsKey(each))
        .forEach(
            each ->
                known.put(
                    each,
                    before.containsKey(Recent.Seen.itself(each.rule()))
                        ? recent.now()
                        : Instant.EPOCH));
  }

  private static void check(
      RuleBook book,
      String file,
      RuleStates states,
      AlertRuleFile.Expect expect,
      List<String> failures) {
    String where = file + ":" + expect.line() + ": " + expect.key() + ": ";
    if (book.rules().stream().noneMatch(rule -> rule.name().equals(expect.rule()))) {
      failures.add(where + "expected a rule that there is, was \"" + expect.rule() + "\"");
      return;
    }
    String state = states.state(expect.rule(), expect.labels()).label();
    if (!state.equals(expect.state())) {
      failures.add(
          where
              + "after "
              + expect.at()
              + " s "
              + expect.rule()
              + (expect.labels().isEmpty() ? "" : " " + expect.labels())
              + " was expected to be "
              + expect.state()
              + ", is "
              + state);
    }
  }

  private static void add(
      AlertRuleFile.Series series, int second, List<RecentRow> sums, List<RecentFinding> findings) {
    if (second < series.from() || second >= series.until()) {
      return;
    }
    RecentKeys keys =
        new RecentKeys(
            series.labels().getOrDefault("tenant", ""),
            series.labels().getOrDefault("route", ""),
            series.labels().getOrDefault("provider", ""),
            series.labels().getOrDefault("model", ""));
    RecentSums added = new RecentSums();
    series
        .perMinute()
        .forEach(
            (counted, rate) -> {
              if (counted.equals("cost_usd")) {
                added.addCost(rate * RecentRow.SECONDS / 60);
              } else {
                added.add(
                    RecentSum.valueOf(counted.toUpperCase(Locale.ROOT)),
                    count(rate, second - series.from()));
              }
            });
    added.addDuration(series.durationSeconds(), added.get(RecentSum.REQUESTS));
    sums.add(new RecentRow(second, keys, added));
    if (series.labels().containsKey("type") && added.get(RecentSum.FINDINGS) > 0) {
      findings.add(
          new RecentFinding(
              second,
              new RecentFinding.What(
                  keys,
                  series.labels().get("type"),
                  Severity.of(series.labels().getOrDefault("severity", "high")),
                  (int) Math.floor(series.confidence() * TENTHS + 1e-9),
                  series.labels().getOrDefault("action", "flag")),
              added.get(RecentSum.FINDINGS)));
    }
  }

  /** Whole ones, spread evenly: 7 a minute are 1, 1, 1, 1, 1 and 2. */
  private static long count(double perMinute, int since) {
    double perBucket = perMinute * RecentRow.SECONDS / 60;
    long bucket = since / RecentRow.SECONDS;
    return (long) Math.floor(perBucket * (bucket + 1) + 1e-9)
        - (long) Math.floor(perBucket * bucket + 1e-9);
  }
}
