package io.llmtrace.policies.expression;

import dev.cel.common.CelAbstractSyntaxTree;
import dev.cel.common.CelIssue;
import dev.cel.common.CelOptions;
import dev.cel.common.CelValidationException;
import dev.cel.common.types.CelType;
import dev.cel.common.types.ListType;
import dev.cel.common.types.MapType;
import dev.cel.common.types.SimpleType;
import dev.cel.common.types.StructTypeReference;
import dev.cel.compiler.CelCompiler;
import dev.cel.compiler.CelCompilerBuilder;
import dev.cel.compiler.CelCompilerFactory;
import dev.cel.parser.CelStandardMacro;
import io.llmtrace.policies.expression.ExpressionException.Problem;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Conditions in CEL (https://cel.dev) on an exchange and its findings: parsed and type-checked by
 * CEL-Java, and turned into a tree of ours that is evaluated without it.
 *
 * <p>What a condition costs is bounded before it is accepted: its length, its depth, its loops, its
 * patterns. Thread-safe.
 */
public final class Expressions {
  /** Longest condition, code points. */
  public static final int LONGEST = 8_000;

  static final int MOST_NODES = 1_500;
  static final int DEEPEST = 32;

  static final CelOptions OPTIONS =
      CelOptions.current()
          .maxExpressionCodePointSize(LONGEST)
          .maxParseRecursionDepth(DEEPEST)
          .maxParseExpressionNodeCount(MOST_NODES)
          .maxParseErrorRecoveryLimit(5)
          // "score > 0" means what it says.
          .enableHeterogeneousNumericComparisons(true)
          .build();

  private static final CelCompiler COMPILER = compiler();

  private Expressions() {}

  /**
   * Reads a condition.
   *
   * @throws ExpressionException says where and why it is none, and what would be right
   */
  public static Expression compile(String cel) throws ExpressionException {
    int length = cel.codePointCount(0, cel.length());
    if (length > LONGEST) {
      throw new ExpressionException(
          List.of(
              new Problem(
                  1,
                  1,
                  "the condition has "
                      + length
                      + " characters; at most "
                      + LONGEST
                      + " are possible",
                  "split it into several rules")));
    }
    if (cel.isBlank()) {
      throw new ExpressionException(
          List.of(new Problem(1, 1, "there is no condition", "leave `when` out, or write one")));
    }
    try {
      return new Translator(checked(cel)).translate();
    } catch (CelValidationException e) {
      throw new ExpressionException(problems(cel, e.getErrors()));
    }
  }

  /** What CEL makes of it, with types. */
  static CelAbstractSyntaxTree checked(String cel) throws CelValidationException {
    return COMPILER.compile(cel).getAst();
  }

  private static List<Problem> problems(String cel, List<CelIssue> issues) {
    // Habits of other languages; where there are any, CEL's own words would only confuse.
    List<Problem> habits = Habits.in(cel);
    if (!habits.isEmpty()) {
      return habits;
    }
    List<Problem> problems = new ArrayList<>();
    for (CelIssue issue : issues) {
      Problem problem = CheckerAdvice.problem(cel, issue);
      if (!problems.contains(problem)) {
        problems.add(problem);
      }
    }
    problems.sort(Comparator.comparingInt(Problem::line).thenComparingInt(Problem::column));
    return problems;
  }

  private static CelCompiler compiler() {
    CelCompilerBuilder builder =
        CelCompilerFactory.standardCelCompilerBuilder()
            .setOptions(OPTIONS)
            .setStandardMacros(
                CelStandardMacro.HAS,
                CelStandardMacro.ALL,
                CelStandardMacro.EXISTS,
                CelStandardMacro.EXISTS_ONE,
                CelStandardMacro.MAP,
                CelStandardMacro.MAP_FILTER,
                CelStandardMacro.FILTER)
            .setTypeProvider(FindingTypes.INSTANCE)
            .setResultType(SimpleType.BOOL);
    Variables.names().forEach(name -> builder.addVar(name, celType(Variables.type(name))));
    return builder.build();
  }

  static CelType celType(ValueType type) {
    return switch (type) {
      case BOOL -> SimpleType.BOOL;
      case INT -> SimpleType.INT;
      case DOUBLE -> SimpleType.DOUBLE;
      case STRING -> SimpleType.STRING;
      case TIMESTAMP -> SimpleType.TIMESTAMP;
      case DURATION -> SimpleType.DURATION;
      case FINDING -> StructTypeReference.create(FindingTypes.NAME);
      case HEADERS -> MapType.create(SimpleType.STRING, SimpleType.STRING);
      case BOOLS, INTS, DOUBLES, STRINGS, TIMESTAMPS, DURATIONS, FINDINGS -> {
        ValueType element = type.element();
        if (element == null) {
          throw new IllegalStateException("a list of nothing");
        }
        yield ListType.create(celType(element));
      }
    };
  }
}
