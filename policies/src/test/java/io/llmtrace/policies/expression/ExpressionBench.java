package io.llmtrace.policies.expression;

import com.sun.management.ThreadMXBean;
import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.detect.Severity;
import io.llmtrace.policies.exchange.Zone;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Measures 200 conditions as people write them on one exchange with ten findings: microseconds for
 * all of them, bytes allocated, and what compiling one takes. A main for people; no argument.
 */
public final class ExpressionBench {
  private static final int CONDITIONS = 200;
  private static final int ROUNDS = 60_000;

  /** With a number in each, so that no two of them are the same. */
  private static final List<String> TYPICAL =
      List.of(
          "findings.exists(f, f.type == 'jailbreak' && f.confidence > 0.9%d)",
          "tenant == 'tenant-%d'",
          "consumer.startsWith('web-%d') && stream",
          "model in ['gpt-4o', 'gpt-4o-mini', 'model-%d'] && !tools.exists(t, t.startsWith('admin_'))",
          "'x-app' in headers && headers['x-app'] == 'app-%d'",
          "headers['x-none'] == 'app-%d' || score > 0.99",
          "findings.exists(f, f.severity >= high && f.zone == 'tool_result' && f.rule != 'r-%d')",
          "findings.filter(f, f.group == 'attack').size() > 1%d",
          "bytes > 10000%d || segments > 5%d",
          "'shell-%d' in tools",
          "now.getHours('Europe/Berlin') >= 8 && route == 'route-%d'",
          "findings.all(f, f.type in ['pii_detected', 'secret_leakage']) && agent == 'a-%d'",
          "'document' in zones && provider == 'provider-%d'",
          "score > 0.8 && dialect != 'dialect-%d'",
          "path.startsWith('/v1/') && method == 'POST' && coverage == 'inspected' && max_tokens < 4%d");

  private ExpressionBench() {}

  public static void main(String[] arguments) throws ExpressionException {
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < CONDITIONS; i++) {
      texts.add(TYPICAL.get(i % TYPICAL.size()).replace("%d", String.valueOf(i)));
    }
    compile(texts);
    Program[] programs = new Program[CONDITIONS];
    for (int i = 0; i < CONDITIONS; i++) {
      programs[i] = Program.link(Expressions.compile(texts.get(i)));
    }
    evaluate(programs);
  }

  private static void compile(List<String> texts) throws ExpressionException {
    double[] micros = new double[texts.size() * 20];
    for (int i = 0; i < micros.length; i++) {
      long start = System.nanoTime();
      Program.link(Expressions.compile(texts.get(i % texts.size())));
      micros[i] = (System.nanoTime() - start) / 1e3;
    }
    double[] warm = Arrays.copyOfRange(micros, micros.length / 2, micros.length);
    Arrays.sort(warm);
    System.out.printf("compile and link one condition   p50 %.0f µs%n", warm[warm.length / 2]);
  }

  private static void evaluate(Program[] programs) {
    TestFacts facts = TestFacts.chat();
    List<Finding> findings = findings();
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long thread = Thread.currentThread().getId();
    double[] micros = new double[ROUNDS];
    long held = 0;
    long bytes = 0;
    for (int i = 0; i < ROUNDS; i++) {
      long allocated = i == ROUNDS / 2 ? threads.getThreadAllocatedBytes(thread) : bytes;
      bytes = allocated;
      long start = System.nanoTime();
      Scope scope = new Scope(facts, findings);
      for (Program each : programs) {
        held += each.holds(scope) ? 1 : 0;
      }
      micros[i] = (System.nanoTime() - start) / 1e3;
    }
    bytes = threads.getThreadAllocatedBytes(thread) - bytes;
    double[] warm = Arrays.copyOfRange(micros, ROUNDS / 2, ROUNDS);
    Arrays.sort(warm);
    System.out.printf(
        "evaluate %d conditions          p50 %.1f µs  p99 %.1f µs  %.0f bytes allocated  %d hold%n",
        programs.length,
        warm[warm.length / 2],
        warm[warm.length * 99 / 100],
        bytes / (ROUNDS / 2.0),
        held / ROUNDS);
  }

  private static List<Finding> findings() {
    List<Finding> findings = new ArrayList<>(TestFacts.findings());
    for (int i = 0; i < 7; i++) {
      findings.add(
          TestFacts.finding(
              FindingType.PII_DETECTED, Severity.LOW, 0.9, Zone.TOOL_RESULT, "email-" + i));
    }
    return findings;
  }
}
