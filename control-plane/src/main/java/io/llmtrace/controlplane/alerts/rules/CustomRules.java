package io.llmtrace.controlplane.alerts.rules;

import io.llmtrace.controlplane.statistics.RecentFinding;
import io.llmtrace.controlplane.statistics.RecentSums;
import io.llmtrace.runtime.config.AlertRuleFile;
import io.llmtrace.runtime.config.AlertRuleFile.Expression;
import io.llmtrace.runtime.config.ConfigProblem;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Makes rules that look of rules that were written. Stateless. */
final class CustomRules {
  private static final List<String> FINDING_VALUES =
      List.of("findings", "worst", "threshold", "window");

  private CustomRules() {}

  /** What CEL expressions say of sums. */
  private record Cel(
      CelExpressions.OfSums when,
      CelExpressions.@Nullable OfSums until,
      @Nullable Measured value,
      @Nullable Double threshold)
      implements Condition {
    @Override
    public Verdict judge(RecentSums sums, Map<String, String> labels, double seconds) {
      boolean active = when.test(sums, labels, seconds);
      boolean clear = !active && (until == null || until.test(sums, labels, seconds));
      if (value == null) {
        return new Verdict(active, clear, active ? 1 : 0, 1, "");
      }
      return new Verdict(
          active,
          clear,
          value.shown(value.of(sums, seconds)),
          threshold == null ? 0 : value.shown(threshold),
          value.unit());
    }
  }

  /** Empty where there is a problem, which is then among the problems. */
  static Optional<Watch> compile(
      String file, AlertRuleFile.Rule written, List<ConfigProblem> problems) {
    int before = problems.size();
    AlertRule rule =
        new AlertRule(
            written.name(),
            written.severity(),
            written.by(),
            written.window(),
            written.lasting(),
            written.keep(),
            summary(file, written, problems),
            written.runbook() == null ? "" : written.runbook().toString(),
            written.inhibits());
    @Nullable Expression match = written.match();
    @Nullable Expression when = written.when();
    Watch watch = null;
    if (match != null) {
      Predicate<RecentFinding.What> findings =
          compiled(file, match, problems, CelExpressions::ofFindings);
      if (findings != null) {
        watch =
            new FindingsWatch(
                rule,
                findings,
                written.count(),
                written.firstSeen() ? FindingsWatch.Kind.FIRST_SEEN : FindingsWatch.Kind.COUNT);
      }
      if (written.value() != null) {
        problems.add(
            problem(file, written.value(), "expected when beside it: findings are counted"));
      }
    } else if (when != null) {
      CelExpressions.OfSums holds = compiled(file, when, problems, CelExpressions::ofSums);
      CelExpressions.OfSums until =
          written.until() == null
              ? null
              : compiled(file, written.until(), problems, CelExpressions::ofSums);
      Measured value = measured(file, written.value(), problems);
      if (holds != null) {
        watch = new SumsWatch(rule, new Cel(holds, until, value, written.threshold()));
      }
    }
    return problems.size() > before ? Optional.empty() : Optional.ofNullable(watch);
  }

  private static @Nullable Measured measured(
      String file, @Nullable Expression value, List<ConfigProblem> problems) {
    if (value == null) {
      return null;
    }
    Measured measured = Measured.of(value.text());
    if (measured == null) {
      problems.add(
          problem(
              file,
              value,
              "expected the name of a number, such as cost_usd, was \""
                  + cut(value.text())
                  + "\""));
    }
    return measured;
  }

  private static String summary(
      String file, AlertRuleFile.Rule written, List<ConfigProblem> problems) {
    Expression summary = written.summary();
    if (summary == null) {
      return "Rule " + written.name() + " holds over the last {window}.";
    }
    List<String> known = new ArrayList<>(written.by());
    if (written.match() != null) {
      known.addAll(FINDING_VALUES);
    } else {
      known.addAll(CelExpressions.sumNames());
      known.addAll(List.of("threshold", "window"));
    }
    if (summary.text().length() > Template.LONGEST) {
      problems.add(problem(file, summary, "expected at most " + Template.LONGEST + " characters"));
    }
    for (String name : new Template(summary.text()).unknown(known)) {
      problems.add(
          problem(
              file,
              summary,
              "{" + cut(name) + "} is not known, expected one of " + String.join(", ", known)));
    }
    return summary.text();
  }

  private interface Compiling<T> {
    T of(String expression) throws CelExpressions.RefusedException;
  }

  private static <T> @Nullable T compiled(
      String file, Expression expression, List<ConfigProblem> problems, Compiling<T> compiling) {
    try {
      return compiling.of(expression.text());
    } catch (CelExpressions.RefusedException e) {
      problems.add(
          problem(
              file,
              expression,
              "expected a condition in CEL, but at " + e.reason().replaceAll("\\s+", " ")));
      return null;
    }
  }

  private static ConfigProblem problem(String file, Expression at, String expectation) {
    return new ConfigProblem(file, at.line(), 1, at.key(), expectation);
  }

  private static String cut(String text) {
    return text.length() > 60 ? text.substring(0, 60) + "…" : text;
  }
}
