package io.llmtrace.cli.bench.policies;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.management.ThreadMXBean;
import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.detect.Severity;
import io.llmtrace.policies.evaluate.Layers;
import io.llmtrace.policies.evaluate.PolicyProgram;
import io.llmtrace.policies.evaluate.Question;
import io.llmtrace.policies.evaluate.RateGate;
import io.llmtrace.policies.evaluate.Verdict;
import io.llmtrace.policies.exchange.Zone;
import io.llmtrace.policies.expression.Facts;
import io.llmtrace.policies.json.WireJson;
import io.llmtrace.policies.language.PolicyProblemsException;
import io.llmtrace.policies.language.PolicyReader;
import io.llmtrace.policies.policy.Action;
import io.llmtrace.policies.policy.Mode;
import io.llmtrace.policies.policy.RedactRule;
import java.lang.management.ManagementFactory;
import java.time.Instant;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * One decision by 200 rules, half of them with a condition and half that select findings, about an
 * exchange with three findings. No rule but the last acts, so that each decision reads all of them.
 */
public final class DecisionBench {
  private static final double BAR_MICROS = 20;
  private static final int RULES = 200;
  private static final int MOST = 400_000;

  /** Each with a number, so that no two are the same; none holds. */
  private static final List<String> CONDITIONS =
      List.of(
          "findings.exists(f, f.type == 'jailbreak' && f.confidence > 0.9%d)",
          "tenant == 'tenant-%d'",
          "consumer.startsWith('web-%d') && stream",
          "model in ['gpt-4o-mini', 'model-%d'] && !tools.exists(t, t.startsWith('admin_'))",
          "'x-app' in headers && headers['x-app'] == 'app-%d'",
          "headers['x-none'] == 'app-%d' || score > 0.99",
          "findings.exists(f, f.severity >= high && f.zone == 'tool_result' && f.rule != 'r-%d')",
          "findings.filter(f, f.group == 'attack').size() > 1%d",
          "bytes > 10000%d || segments > 5%d",
          "'shell-%d' in tools",
          "now.getHours('Europe/Berlin') >= 8 && route == 'route-%d'",
          "findings.all(f, f.type in ['pii_detected', 'secret_leakage']) && agent == 'a-%d'",
          "'document' in zones && provider == 'provider-%d'",
          "score > 0.8 && dialect == 'dialect-%d'",
          "path.startsWith('/v1/') && coverage == 'inspected' && max_tokens > 4%d");

  /** Of the types that were found, as far as types are named; none selects what was found. */
  private static final List<String> SELECTORS =
      List.of(
          "{types: [jailbreak], confidence: 0.9%d}",
          "{groups: [attack], zones: [tool_result], confidence: 0.1%d}",
          "{rules: [r-%d]}",
          "{types: [pii_detected], severity: critical, confidence: 0.1%d}",
          "{detectors: [own-%d], groups: [attack, action]}",
          "{types: [secret_leakage, data_exfiltration], confidence: 0.1%d}",
          "{types: [prompt_injection], rules: ['pi-9%d*']}");

  private static final String LAST = "last";

  private final PolicyProgram program;
  private final Question question;

  /**
   * What one decision takes.
   *
   * @param p50 microseconds by the clock
   * @param p99 microseconds by the clock
   * @param processor microseconds of processor time, on average
   * @param bytes allocated, on average
   */
  public record Cost(double p50, double p99, double processor, double bytes) {
    /** For people. */
    public String line() {
      return String.format(
          Locale.ROOT,
          "a decision by %d rules about three findings: p50 %.1f µs, p99 %.1f µs, processor %.1f"
              + " µs, %.0f bytes allocated",
          RULES,
          p50,
          p99,
          processor,
          bytes);
    }

    /** For programs. */
    public ObjectNode json() {
      return WireJson.mapper()
          .createObjectNode()
          .put("rules", RULES)
          .put("p50", Math.round(p50 * 10) / 10.0)
          .put("p99", Math.round(p99 * 10) / 10.0)
          .put("processor", Math.round(processor * 10) / 10.0)
          .put("allocated_bytes", Math.round(bytes));
    }
  }

  private DecisionBench() throws PolicyProblemsException {
    this.program = PolicyProgram.link(Layers.of(List.of(PolicyReader.read(source()))).effective());
    this.question =
        new Question(Request.CHAT, findings(), Mode.ENFORCE, RedactRule.NONE, 1, RateGate.OPEN);
  }

  static void measure(double seconds, Figures figures) throws PolicyProblemsException {
    Cost cost = cost(seconds);
    figures.json().set("decision", cost.json());
    figures.say("%s", cost.line());
    figures.atMost("µs of a decision by %d rules, p50".formatted(RULES), cost.p50(), BAR_MICROS);
  }

  /**
   * Measures on this thread.
   *
   * @param seconds about as long, after half of it to warm up
   */
  public static Cost cost(double seconds) throws PolicyProblemsException {
    DecisionBench bench = new DecisionBench();
    bench.check();
    Cost unused = bench.timed(seconds / 2);
    return bench.timed(seconds);
  }

  /** A bench of a policy whose first rule ends the reading would say little. */
  private void check() {
    Verdict verdict = program.decide(question);
    if (!verdict.decision().rule().equals("bench/" + LAST)
        || verdict.decision().action() != Action.FLAG) {
      throw new IllegalStateException("another rule than the last decides: " + verdict);
    }
  }

  private Cost timed(double seconds) {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long me = Thread.currentThread().getId();
    long[] nanos = new long[MOST];
    int done = 0;
    int acted = 0;
    long end = System.nanoTime() + (long) (seconds * 1e9);
    long bytes = threads.getThreadAllocatedBytes(me);
    long processor = threads.getCurrentThreadCpuTime();
    long before = System.nanoTime();
    while (done < MOST && before - end < 0) {
      Verdict verdict = program.decide(question);
      long now = System.nanoTime();
      nanos[done++] = now - before;
      acted += verdict.decision().action() == Action.FLAG ? 1 : 0;
      before = now;
    }
    processor = threads.getCurrentThreadCpuTime() - processor;
    bytes = threads.getThreadAllocatedBytes(me) - bytes;
    if (acted != done) {
      throw new IllegalStateException(acted + " of " + done + " decisions are what they should be");
    }
    Arrays.sort(nanos, 0, done);
    return new Cost(
        nanos[done / 2] / 1e3,
        nanos[done * 99 / 100] / 1e3,
        processor / 1e3 / done,
        (double) bytes / done);
  }

  private static String source() {
    StringBuilder rules = new StringBuilder();
    for (int i = 0; i < RULES - 1; i++) {
      String by =
          i % 2 == 0
              ? "when: \"" + numbered(CONDITIONS, i) + "\""
              : "findings: " + numbered(SELECTORS, i);
      rules.append("  - {name: r").append(i).append(", ").append(by).append(", action: block}\n");
    }
    return """
        apiVersion: llmtrace.io/v1
        kind: Policy
        metadata: {name: bench}
        mode: enforce
        defaults: "off"
        rules:
        %s  - {name: %s, findings: {groups: [attack]}, action: flag}
        """
        .formatted(rules, LAST);
  }

  private static String numbered(List<String> texts, int number) {
    return texts.get(number / 2 % texts.size()).replace("%d", Integer.toString(number));
  }

  private static List<Finding> findings() {
    return List.of(
        finding(FindingType.PROMPT_INJECTION, Severity.HIGH, 0.95, "pi-001", "signatures"),
        finding(FindingType.JAILBREAK, Severity.MEDIUM, 0.61, "jb-002", "signatures"),
        finding(FindingType.PII_DETECTED, Severity.LOW, 1.0, "email", "sensitive"));
  }

  private static Finding finding(
      FindingType type, Severity severity, double confidence, String rule, String detector) {
    return new Finding(
        type, severity, confidence, Zone.USER, "/messages/0/content", 0, 5, detector, rule, "***");
  }

  /** A request of a chat bot. */
  private record Request(
      String tenant,
      String consumer,
      String agent,
      String route,
      String provider,
      String model,
      String dialect,
      String method,
      String path,
      boolean stream,
      List<String> tools,
      Map<String, String> headers,
      Set<Zone> zones,
      int segments,
      long bytes,
      long maxTokens,
      int uninspectedParts,
      String coverage,
      long at)
      implements Facts {
    static final Request CHAT =
        new Request(
            "acme",
            "web-7000",
            "",
            "chat",
            "openai",
            "gpt-4o-mini",
            "openai_chat",
            "POST",
            "/v1/chat/completions",
            true,
            List.of("search", "weather", "admin_reset"),
            Map.of("x-app", "web", "x-priority", "7", "accept", "*/*"),
            EnumSet.of(Zone.SYSTEM, Zone.USER),
            3,
            2_048,
            -1,
            0,
            "inspected",
            Instant.parse("2026-11-27T18:30:15.250Z").toEpochMilli());
  }
}
