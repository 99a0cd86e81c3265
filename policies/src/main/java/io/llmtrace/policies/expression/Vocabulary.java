package io.llmtrace.policies.expression;

import io.llmtrace.policies.detect.Coverage;
import io.llmtrace.policies.exchange.Zone;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Finds comparisons that can never hold, since one of the sides is a word that the other is never:
 * {@code f.type == 'jailbrake'}.
 */
final class Vocabulary {
  /** Told of what is found. */
  @FunctionalInterface
  interface Report {
    void problem(Expression at, String message, String suggestion);
  }

  /** Words that something can be, and what it is called. */
  private record Words(String what, List<String> words) {}

  private static final Words ZONES =
      new Words("zone", Arrays.stream(Zone.values()).map(Zone::label).toList());
  private static final Words COVERAGE =
      new Words("coverage", Arrays.stream(Coverage.values()).map(Coverage::label).toList());

  private final Report report;

  private Vocabulary(Report report) {
    this.report = report;
  }

  static void check(Expression expression, Report report) {
    new Vocabulary(report).visit(expression);
  }

  private void visit(@Nullable Expression expression) {
    if (expression instanceof Expression.Field field) {
      if (isHeaders(field.of())) {
        headerName(field, field.name());
      }
      visit(field.of());
    } else if (expression instanceof Expression.Items items) {
      items.items().forEach(this::visit);
    } else if (expression instanceof Expression.Call call) {
      if (call.arguments().size() == 2) {
        pair(call.function(), call.arguments().get(0), call.arguments().get(1));
      }
      call.arguments().forEach(this::visit);
    } else if (expression instanceof Expression.Loop loop) {
      visit(loop.over());
      visit(loop.condition());
      visit(loop.value());
    }
  }

  private void pair(String function, Expression left, Expression right) {
    switch (function) {
      case "==", "!=" -> {
        words(words(left), right);
        words(words(right), left);
        method(left, right);
        method(right, left);
      }
      case "in" -> {
        words(words(left), right);
        if (isVariable(right, Variables.ZONES)) {
          words(ZONES, left);
        }
        if (isHeaders(right)) {
          headerName(left, text(left));
        }
        method(left, right);
      }
      case "[]" -> {
        if (isHeaders(left)) {
          headerName(right, text(right));
        }
      }
      default -> {}
    }
  }

  /** What an expression can be, or null where that is not known. */
  private static @Nullable Words words(Expression expression) {
    if (expression instanceof Expression.Field field && !isHeaders(field.of())) {
      FindingFields known = FindingFields.of(field.name());
      List<String> words = known == null ? List.of() : known.vocabulary();
      return words.isEmpty() ? null : new Words("finding's " + field.name(), words);
    }
    if (isVariable(expression, "coverage")) {
      return COVERAGE;
    }
    return isVariable(expression, Variables.ZONES) ? ZONES : null;
  }

  private void words(@Nullable Words words, Expression compared) {
    if (words == null) {
      return;
    }
    for (Expression each : constants(compared)) {
      String word = text(each);
      if (word != null && !words.words().contains(word)) {
        report.problem(
            each,
            "no " + words.what() + " is ever '" + word + "'",
            Advice.nearest(word, words.words()));
      }
    }
  }

  private void method(Expression method, Expression compared) {
    if (!isVariable(method, "method")) {
      return;
    }
    for (Expression each : constants(compared)) {
      String word = text(each);
      if (word != null && !word.equals(word.toUpperCase(Locale.ROOT))) {
        report.problem(
            each,
            "methods are in capitals, so none is '" + word + "'",
            "did you mean '" + word.toUpperCase(Locale.ROOT) + "'?");
      }
    }
  }

  private void headerName(Expression at, @Nullable String name) {
    if (name != null && !name.equals(name.toLowerCase(Locale.ROOT))) {
      report.problem(
          at,
          "headers are found by their names in lower case, so there is no '" + name + "'",
          "did you mean '" + name.toLowerCase(Locale.ROOT) + "'?");
    }
  }

  private static List<Expression> constants(Expression expression) {
    return expression instanceof Expression.Items items
        ? new ArrayList<>(items.items())
        : List.of(expression);
  }

  private static @Nullable String text(Expression expression) {
    return expression instanceof Expression.Constant constant
            && constant.type() == Expression.Type.STRING
        ? constant.text()
        : null;
  }

  private static boolean isVariable(Expression expression, String name) {
    return expression instanceof Expression.Variable variable && variable.name().equals(name);
  }

  private static boolean isHeaders(Expression expression) {
    return isVariable(expression, Variables.HEADERS);
  }
}
