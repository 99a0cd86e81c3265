package io.llmtrace.controlplane.alerts.rules;

import dev.cel.common.CelOptions;
import dev.cel.common.CelValidationException;
import dev.cel.common.types.CelType;
import dev.cel.common.types.SimpleType;
import dev.cel.compiler.CelCompiler;
import dev.cel.compiler.CelCompilerBuilder;
import dev.cel.compiler.CelCompilerFactory;
import dev.cel.runtime.CelEvaluationException;
import dev.cel.runtime.CelRuntime;
import dev.cel.runtime.CelRuntimeFactory;
import io.llmtrace.controlplane.statistics.RecentFinding;
import io.llmtrace.controlplane.statistics.RecentSums;
import io.llmtrace.policies.detect.Severity;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * Conditions written in CEL (https://cel.dev), compiled with the types of what they may speak of.
 *
 * <p>What an expression costs is bounded by its length: there are no macros and no comprehensions,
 * so nothing loops; regular expressions are RE2's; length, depth and nodes are limited.
 * Thread-safe.
 */
final class CelExpressions {
  /** Longest expression, code points. */
  static final int LONGEST = 1_000;

  private static final int DEEPEST = 32;
  private static final int MOST_NODES = 400;
  private static final int REGEX_PROGRAM = 1_000;

  private static final CelOptions OPTIONS =
      CelOptions.current()
          .maxExpressionCodePointSize(LONGEST)
          .maxParseRecursionDepth(DEEPEST)
          .maxParseExpressionNodeCount(MOST_NODES)
          .maxRegexProgramSize(REGEX_PROGRAM)
          .enableComprehension(false)
          // "cost_usd > 5" means what it says.
          .enableHeterogeneousNumericComparisons(true)
          .build();

  private static final List<String> LABELS = List.of("tenant", "route", "provider", "model");
  private static final CelRuntime RUNTIME =
      CelRuntimeFactory.legacyCelRuntimeBuilder().setOptions(OPTIONS).build();
  private static final Map<String, CelType> SUM_TYPES = sumTypes();
  private static final Map<String, CelType> FINDING_TYPES = findingTypes();
  private static final CelCompiler SUMS = compiler(SUM_TYPES);
  private static final CelCompiler FINDINGS = compiler(FINDING_TYPES);

  /** An expression that cannot be; the message says where and why, in CEL's own words. */
  static final class RefusedException extends Exception {
    private static final long serialVersionUID = 1L;

    RefusedException(String message) {
      super(message);
    }

    String reason() {
      return String.valueOf(getMessage());
    }
  }

  /** Says whether sums are as an expression wants them. */
  @FunctionalInterface
  interface OfSums {
    boolean test(RecentSums sums, Map<String, String> labels, double seconds);
  }

  private CelExpressions() {}

  /** Names that expressions about sums may use. */
  static List<String> sumNames() {
    return List.copyOf(SUM_TYPES.keySet());
  }

  static OfSums ofSums(String expression) throws RefusedException {
    CelRuntime.Program program = program(SUMS, expression);
    return (sums, labels, seconds) ->
        holds(
            program,
            name -> {
              Measured measured = Measured.of(name);
              if (measured == null) {
                return labels.getOrDefault(name, "");
              }
              double value = measured.of(sums, seconds);
              // Not a conditional expression, which would make a double of both.
              if (measured.kind() == Measured.Kind.COUNT) {
                return Math.round(value);
              }
              return value;
            });
  }

  static Predicate<RecentFinding.What> ofFindings(String expression) throws RefusedException {
    CelRuntime.Program program = program(FINDINGS, expression);
    return what -> holds(program, name -> value(what, name));
  }

  private static Object value(RecentFinding.What what, String name) {
    return switch (name) {
      case "type" -> what.type();
      case "severity" -> rank(what.severity());
      case "confidence" -> what.tenths() / 10.0;
      case "action" -> what.action();
      case "tenant", "route", "provider", "model" -> Look.value(what, name);
      default -> rank(Severity.of(name));
    };
  }

  private static long rank(Severity severity) {
    return List.of(Severity.values()).indexOf(severity);
  }

  private interface Names {
    Object value(String name);
  }

  private static boolean holds(CelRuntime.Program program, Names names) {
    try {
      return program.eval(name -> Optional.of(names.value(name))) instanceof Boolean held && held;
    } catch (CelEvaluationException e) {
      // A division by zero, an overflow: of such numbers nothing can be said, so nothing is.
      return false;
    }
  }

  private static CelRuntime.Program program(CelCompiler compiler, String expression)
      throws RefusedException {
    try {
      return RUNTIME.createProgram(compiler.compile(expression).getAst());
    } catch (CelValidationException e) {
      throw new RefusedException(
          e.getErrors().stream()
              .map(
                  issue ->
                      issue.getSourceLocation().getLine()
                          + ":"
                          + (issue.getSourceLocation().getColumn() + 1)
                          + " "
                          + issue.getMessage())
              .collect(Collectors.joining("; ")));
    } catch (CelEvaluationException e) {
      throw new RefusedException(String.valueOf(e.getMessage()));
    }
  }

  private static CelCompiler compiler(Map<String, CelType> types) {
    CelCompilerBuilder builder =
        CelCompilerFactory.standardCelCompilerBuilder()
            .setOptions(OPTIONS)
            .setResultType(SimpleType.BOOL);
    types.forEach(builder::addVar);
    return builder.build();
  }

  private static Map<String, CelType> sumTypes() {
    Map<String, CelType> types = new LinkedHashMap<>();
    LABELS.forEach(label -> types.put(label, SimpleType.STRING));
    for (Measured each : Measured.values()) {
      types.put(
          each.label(), each.kind() == Measured.Kind.COUNT ? SimpleType.INT : SimpleType.DOUBLE);
    }
    return types;
  }

  private static Map<String, CelType> findingTypes() {
    Map<String, CelType> types = new LinkedHashMap<>();
    LABELS.forEach(label -> types.put(label, SimpleType.STRING));
    types.put("type", SimpleType.STRING);
    types.put("action", SimpleType.STRING);
    types.put("confidence", SimpleType.DOUBLE);
    // In the order of severity, so that "severity >= high" is not about spelling.
    types.put("severity", SimpleType.INT);
    for (Severity each : Severity.values()) {
      types.put(each.label(), SimpleType.INT);
    }
    return types;
  }
}
