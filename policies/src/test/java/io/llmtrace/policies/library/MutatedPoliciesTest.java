package io.llmtrace.policies.library;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmtrace.policies.json.WireJson;
import io.llmtrace.policies.language.Policy;
import io.llmtrace.policies.language.PolicyProblemsException;
import io.llmtrace.policies.language.PolicyReader;
import io.llmtrace.policies.yaml.YamlProblem;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Ready policies with damage: each is read, or refused with the places of what is wrong, and none
 * costs more than a second and 64 MB.
 */
class MutatedPoliciesTest {
  private static final long MOST_BYTES = 64L << 20;
  private static final long MOST_NANOS = 1_000_000_000L;

  /** What people and tools leave in files, and what somebody may put there on purpose. */
  private static final List<String> PIECES =
      List.of(
          "&a ",
          "*a",
          "!!binary ",
          "<<: *a",
          "- ",
          ": ",
          "{",
          "}",
          "[",
          "]",
          "|",
          ">-",
          "'",
          "\"",
          "#",
          "\t",
          "\u0000",
          "\uFEFF",
          "\u202E",
          "---\n",
          "...\n",
          "? ",
          "null",
          "~",
          "1e999",
          "-1",
          "9".repeat(400),
          "((a{1,99}){1,99}){1,99}",
          "(?i)(x+x+)+y",
          "[\\s\\S]{1,900}",
          "findings.exists(f, findings.exists(g, findings.exists(h, true)))",
          "tools.all(t, tools.all(u, t.matches('(a+)+$')))",
          "size(",
          "!".repeat(500),
          "x && ".repeat(500),
          "[".repeat(500),
          "{a: ".repeat(200),
          "a".repeat(100_000));

  private record Cost(long nanos, long bytes, String file) {}

  private final com.sun.management.ThreadMXBean threads =
      (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();

  @Test
  void five_hundred() {
    read(500, 20260601L);
  }

  @Test
  @Tag("long")
  void ten_thousand() {
    read(10_000, 8L);
  }

  private void read(int count, long seed) {
    List<String> originals =
        PolicyLibrary.names().stream()
            .map(name -> PolicyLibrary.policy(name).orElseThrow())
            .toList();
    // Loads CEL and what else is loaded once.
    originals.forEach(this::cost);
    Random random = new Random(seed);
    int accepted = 0;
    Cost slowest = new Cost(0, 0, "");
    Cost largest = slowest;
    for (int i = 0; i < count; i++) {
      String file = mutated(originals, random);
      Cost cost = cost(file);
      accepted += cost.file().isEmpty() ? 1 : 0;
      slowest = cost.nanos() > slowest.nanos() ? new Cost(cost.nanos(), 0, file) : slowest;
      largest = cost.bytes() > largest.bytes() ? new Cost(0, cost.bytes(), file) : largest;
    }
    System.out.printf(
        "%d mutated policies: %d accepted, slowest %d ms, most memory %d KB%n",
        count, accepted, slowest.nanos() / 1_000_000, largest.bytes() / 1024);
    assertThat(slowest.nanos()).as(slowest.file()).isLessThan(MOST_NANOS);
    assertThat(largest.bytes()).as(largest.file()).isLessThan(MOST_BYTES);
    // Else nothing but the outermost check would have been tried.
    assertThat(accepted).isBetween(count / 50, count * 9 / 10);
  }

  /** Reads a file; the result's file is empty where it was accepted. */
  private Cost cost(String file) {
    long bytes = threads.getCurrentThreadAllocatedBytes();
    // Of this thread, since a build shares its machine.
    long nanos = threads.getCurrentThreadCpuTime();
    boolean accepted = true;
    Policy policy = null;
    try {
      policy = PolicyReader.read(file);
    } catch (PolicyProblemsException e) {
      accepted = false;
      located(e.problems(), file);
    }
    Cost cost =
        new Cost(
            threads.getCurrentThreadCpuTime() - nanos,
            threads.getCurrentThreadAllocatedBytes() - bytes,
            accepted ? "" : file);
    if (policy != null) {
      travels(policy);
    }
    return cost;
  }

  private static void located(List<YamlProblem> problems, String file) {
    long lines = file.chars().filter(c -> c == '\n').count() + 1;
    assertThat(problems)
        .as(file)
        .isNotEmpty()
        .allSatisfy(
            problem -> {
              assertThat((long) problem.line()).isBetween(1L, lines + 1);
              assertThat(problem.column()).isPositive();
              assertThat(problem.message()).isNotBlank().hasSizeLessThan(4000);
            });
  }

  /** What is accepted can be carried in a bundle. */
  private static void travels(Policy policy) {
    try {
      byte[] json = WireJson.mapper().writeValueAsBytes(policy);
      assertThat(WireJson.mapper().readValue(json, Policy.class)).isEqualTo(policy);
    } catch (java.io.IOException e) {
      throw new AssertionError(policy.name(), e);
    }
  }

  private static String mutated(List<String> originals, Random random) {
    String file = originals.get(random.nextInt(originals.size()));
    int changes = 1 + random.nextInt(3);
    for (int i = 0; i < changes; i++) {
      file = changed(file, originals, random);
    }
    return file;
  }

  private static String changed(String file, List<String> originals, Random random) {
    StringBuilder out = new StringBuilder(file);
    int at = random.nextInt(file.length());
    switch (random.nextInt(8)) {
      case 0 -> out.setCharAt(at, (char) random.nextInt(0x250));
      case 1 -> out.deleteCharAt(at);
      case 2 -> out.insert(at, PIECES.get(random.nextInt(PIECES.size())));
      case 3 -> out.delete(at, Math.min(out.length(), at + 1 + random.nextInt(200)));
      case 4 -> out.insert(at, out.substring(at, Math.min(out.length(), at + random.nextInt(300))));
      case 5 -> {
        return lines(file, originals.get(random.nextInt(originals.size())), random);
      }
      case 6 -> {
        int value = file.indexOf(": ", at);
        out.insert(value < 0 ? at : value + 2, PIECES.get(random.nextInt(PIECES.size())));
      }
      default -> {
        int other = random.nextInt(file.length());
        char kept = out.charAt(at);
        out.setCharAt(at, out.charAt(other));
        out.setCharAt(other, kept);
      }
    }
    return out.toString();
  }

  /** Moves, drops, doubles or borrows a line. */
  private static String lines(String file, String other, Random random) {
    List<String> lines = new ArrayList<>(List.of(file.split("\n", -1)));
    int at = random.nextInt(lines.size());
    switch (random.nextInt(4)) {
      case 0 -> lines.remove(at);
      case 1 -> lines.add(at, lines.get(at));
      case 2 -> lines.add(at, lines.remove(random.nextInt(lines.size())));
      default -> {
        String[] others = other.split("\n", -1);
        lines.add(at, others[random.nextInt(others.length)]);
      }
    }
    return String.join("\n", lines);
  }
}
