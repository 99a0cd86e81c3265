package io.llmtrace.policies.detect.signatures;

import io.llmtrace.policies.detect.InspectionBudget;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** Runs a rule's own cases, on the rule alone. Stateless. */
final class RuleCases {
  private RuleCases() {}

  /** Takes what is wrong with a rule. */
  interface Problems {
    void add(int line, String rule, String what);
  }

  /** Runs the cases of all rules, within a bound on what that takes. */
  static void run(List<SignatureRule> rules, Problems problems) {
    long steps = 0;
    for (SignatureRule rule : rules) {
      steps += steps(rule);
      if (steps > PackLimits.MOST_CASE_STEPS) {
        problems.add(
            rule.line(),
            rule.id(),
            "the cases of the rules up to here are too long for patterns as large as theirs; shorten"
                + " either");
        return;
      }
      for (String failed : failed(rule)) {
        problems.add(rule.line(), rule.id(), failed);
      }
    }
  }

  /** How much running a rule's cases takes at worst. */
  private static long steps(SignatureRule rule) {
    long characters =
        Stream.concat(rule.matches().stream(), rule.doesNotMatch().stream())
            .mapToLong(String::length)
            .sum();
    return characters * rule.pattern().compiled().programSize();
  }

  /** What a rule gets wrong of its own cases. */
  static List<String> failed(SignatureRule rule) {
    SignatureProgram alone = new SignatureProgram(List.of(rule));
    List<String> failed = new ArrayList<>();
    for (String text : rule.matches()) {
      if (!finds(alone, rule, text)) {
        failed.add("matches '" + shown(text) + "', but the pattern does not");
      }
    }
    for (String text : rule.doesNotMatch()) {
      if (finds(alone, rule, text)) {
        failed.add("does_not_match '" + shown(text) + "', but the pattern does");
      }
    }
    return failed;
  }

  private static boolean finds(SignatureProgram program, SignatureRule rule, String text) {
    List<Integer> found = new ArrayList<>();
    program.read(
        text,
        rule.zones().get(0),
        CandidateFinder.LITERALS_ONLY,
        program.counts(),
        InspectionBudget.until(1, () -> 0),
        (number, start, end) -> found.add(start));
    return !found.isEmpty();
  }

  private static String shown(String text) {
    return text.length() <= 60 ? text : text.substring(0, 60) + "…";
  }
}
