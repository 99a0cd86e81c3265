package io.llmtrace.policies.expression;

import dev.cel.common.CelValidationException;
import dev.cel.runtime.CelEvaluationException;
import dev.cel.runtime.CelRuntime;
import dev.cel.runtime.CelRuntimeFactory;
import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.detect.Severity;
import io.llmtrace.policies.exchange.Zone;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;

/** What CEL-Java's own runtime says. */
final class CelRuntimeOracle {
  private static final CelRuntime RUNTIME =
      CelRuntimeFactory.legacyCelRuntimeBuilder().setOptions(Expressions.OPTIONS).build();

  private final String cel;
  private final CelRuntime.Program program;

  CelRuntimeOracle(String cel) throws CelValidationException, CelEvaluationException {
    this.cel = cel;
    this.program = RUNTIME.createProgram(Expressions.checked(cel));
  }

  Outcome outcome(Facts facts, List<Finding> findings) {
    try {
      if (program.eval(values(facts, findings)) instanceof Boolean holds) {
        return holds ? Outcome.HOLDS : Outcome.HOLDS_NOT;
      }
      throw new AssertionError(cel + " is no condition");
    } catch (CelEvaluationException e) {
      return Outcome.ERROR;
    }
  }

  private static Map<String, Object> values(Facts facts, List<Finding> findings) {
    Map<String, Object> values = new HashMap<>();
    values.put("tenant", facts.tenant());
    values.put("consumer", facts.consumer());
    values.put("agent", facts.agent());
    values.put("route", facts.route());
    values.put("provider", facts.provider());
    values.put("model", facts.model());
    values.put("dialect", facts.dialect());
    values.put("method", facts.method());
    values.put("path", facts.path());
    values.put("stream", facts.stream());
    values.put("tools", facts.tools());
    values.put("headers", facts.headers());
    values.put("zones", new TreeSet<>(facts.zones()).stream().map(Zone::label).toList());
    values.put("segments", (long) facts.segments());
    values.put("bytes", facts.bytes());
    values.put("max_tokens", facts.maxTokens());
    values.put("uninspected_parts", (long) facts.uninspectedParts());
    values.put("coverage", facts.coverage());
    values.put("now", Instant.ofEpochMilli(facts.at()));
    values.put(
        "score",
        findings.stream()
            .filter(each -> each.type().isAttack())
            .mapToDouble(Finding::confidence)
            .max()
            .orElse(0));
    List<Map<String, Object>> list = new ArrayList<>();
    for (Finding each : findings) {
      list.add(
          Map.of(
              "type", each.type().label(),
              "group", each.type().group().name().toLowerCase(Locale.ROOT),
              "zone", each.zone().label(),
              "detector", each.detector(),
              "rule", each.rule(),
              "pointer", each.pointer(),
              "severity", rank(each.severity()),
              "confidence", each.confidence()));
    }
    values.put("findings", list);
    for (Severity each : Severity.values()) {
      values.put(each.label(), rank(each));
    }
    return values;
  }

  private static long rank(Severity severity) {
    return List.of(Severity.values()).indexOf(severity);
  }
}
