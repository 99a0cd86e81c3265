package io.llmtrace.cli.policy;

import io.llmtrace.policies.evaluate.Explanation;
import io.llmtrace.policies.trial.Comparison;
import io.llmtrace.policies.trial.Outcome;
import java.util.ArrayList;
import java.util.List;

/** What is not as a test expects, and why, for people. Stateless. */
final class FailureText {
  private FailureText() {}

  /** Lines; none where nothing differs. */
  static List<String> of(List<Comparison.Difference> differences, Outcome outcome) {
    List<String> lines = new ArrayList<>();
    if (differences.isEmpty()) {
      return lines;
    }
    differences.forEach(each -> difference(each, lines));
    lines.add("decided by " + outcome.rule());
    for (Explanation.Step step : outcome.explanation().steps()) {
      if (step.acts()) {
        lines.add("  " + step.action().label() + " by " + step.rule() + ": " + step.why());
      }
    }
    for (Explanation.Ignored ignored : outcome.explanation().ignored()) {
      lines.add("  does not count: " + ignored.finding() + ", " + ignored.why());
    }
    return lines;
  }

  private static void difference(Comparison.Difference difference, List<String> lines) {
    List<String> expected = difference.expected().lines().toList();
    List<String> actual = difference.actual().lines().toList();
    if (expected.size() <= 1 && actual.size() <= 1) {
      lines.add(difference.what() + ":");
      lines.add("  - " + difference.expected());
      lines.add("  + " + difference.actual());
      return;
    }
    lines.add(difference.what() + " (- expected, + was):");
    int same = 0;
    while (same < Math.min(expected.size(), actual.size())
        && expected.get(same).equals(actual.get(same))) {
      same++;
    }
    int end = 0;
    while (end < Math.min(expected.size(), actual.size()) - same
        && expected.get(expected.size() - 1 - end).equals(actual.get(actual.size() - 1 - end))) {
      end++;
    }
    part(lines, "    ", expected.subList(Math.max(0, same - 2), same));
    part(lines, "  - ", expected.subList(same, expected.size() - end));
    part(lines, "  + ", actual.subList(same, actual.size() - end));
    part(
        lines,
        "    ",
        expected.subList(
            expected.size() - end, Math.min(expected.size(), expected.size() - end + 2)));
  }

  private static void part(List<String> lines, String mark, List<String> part) {
    part.forEach(line -> lines.add(mark + line));
  }
}
