package io.llmtrace.policies.language;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.llmtrace.policies.yaml.YamlProblem;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Files that are made to cost more than they should. */
class HostilePolicyTest {
  private static final String HEAD =
      """
      apiVersion: llmtrace.io/v1
      kind: Policy
      metadata: {name: test}
      """;
  private static final long MOST_BYTES = 64L << 20;

  @BeforeAll
  static void load_the_classes() {
    refused(HEAD + "rules: [{name: a, action: x, when: 'a'}]\npatterns: [{name: a, pattern: '('}]");
  }

  /** What a file is refused for, having taken less memory than a file may. */
  private static List<String> refused(String yaml) {
    var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    long before = threads.getCurrentThreadAllocatedBytes();
    List<String> problems =
        catchThrowableOfType(PolicyProblemsException.class, () -> PolicyReader.read(yaml))
            .problems()
            .stream()
            .map(YamlProblem::toString)
            .toList();
    // Allocated in all, so no more was ever held.
    assertThat(threads.getCurrentThreadAllocatedBytes() - before).isLessThan(MOST_BYTES);
    return problems;
  }

  @Test
  void a_file_that_stands_for_a_billion_words() {
    StringBuilder bomb = new StringBuilder("a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol]\n");
    for (int i = 1; i < 12; i++) {
      bomb.append("a%d: &a%d [".formatted(i, i))
          .append(("*a" + (i - 1) + ", ").repeat(8))
          .append("]\n");
    }
    assertThat(refused(bomb.toString()))
        .containsExactly("1:5: anchors are not read; write the value out where it is needed");
  }

  @Test
  void aliases_and_tags() {
    assertThat(refused(HEAD + "rules: *x\n"))
        .containsExactly("4:8: aliases are not read; write the value out");
    assertThat(refused(HEAD + "mode: !!java.net.URL enforce\n"))
        .containsExactly("4:7: tags are not read; write the value alone");
    assertThat(refused(HEAD + "match: !!map {tenants: [a]}\n"))
        .containsExactly("4:8: tags are not read; write the value alone");
  }

  @Test
  void depth() {
    assertThat(refused(HEAD + "rules: " + "[".repeat(100_000)))
        .singleElement()
        .asString()
        .contains("nested deeper than 12");
    assertThat(refused(HEAD + "rules: " + "{a: ".repeat(100_000)))
        .singleElement()
        .asString()
        .contains("nested deeper than 12");
    assertThat(refused("- ".repeat(100_000))).singleElement().asString().contains("nested deeper");
  }

  @Test
  void size() {
    assertThat(refused(HEAD + "#" + "x".repeat(1 << 20)))
        .containsExactly("1:1: expected at most 1048576 characters");
  }

  @Test
  void a_huge_value() {
    assertThat(refused(HEAD + "mode: " + "x".repeat(1_000_000)))
        .singleElement()
        .asString()
        .hasSizeLessThan(200)
        .contains("mode: expected one of observe, enforce, was 'xxx");
    assertThat(refused(HEAD + "x".repeat(1000) + ": 1\n"))
        .singleElement()
        .asString()
        .contains("unknown key")
        .hasSizeLessThan(400);
  }

  @Test
  void many_values() {
    assertThat(refused(HEAD + "match: {tenants: [" + "a,".repeat(400_000) + "]}"))
        .singleElement()
        .asString()
        .contains("more than 50000 keys and values");
  }

  @Test
  void many_problems() {
    String rules =
        IntStream.range(0, 400)
            .mapToObj(i -> "  - {name: r" + i + ", action: blok, wen: x}\n")
            .collect(Collectors.joining());
    assertThat(refused(HEAD + "rules:\n" + rules))
        .hasSize(101)
        .last()
        .asString()
        .contains("and 700 more");
  }

  @Test
  void many_rules() {
    String rules =
        IntStream.range(0, 501)
            .mapToObj(i -> "  - {name: r" + i + ", action: flag}\n")
            .collect(Collectors.joining());
    assertThat(refused(HEAD + "rules:\n" + rules))
        .containsExactly("5:3: rules: expected 1 to 500 values, was 501");
  }

  @Test
  void many_large_patterns() {
    String patterns =
        IntStream.range(0, 100)
            .mapToObj(i -> "  - {name: p" + i + ", pattern: '(abc){300}x" + i + "'}\n")
            .collect(Collectors.joining());
    assertThat(refused(HEAD + "patterns:\n" + patterns))
        .singleElement()
        .asString()
        .contains("all patterns up to here compile to");
  }

  @Test
  void no_yaml_and_nothing() {
    assertThat(refused("")).containsExactly("1:1: expected a policy, was nothing");
    assertThat(refused("- a\n")).containsExactly("1:1: expected keys and values, was a list");
    assertThat(refused("a: [\n")).singleElement().asString().contains("expected YAML, but");
    assertThat(refused("a: 1\n---\nb: 1\n")).singleElement().asString().contains("expected YAML");
    assertThat(refused("a: \u0000\n")).singleElement().asString().contains("expected YAML");
    assertThat(refused("? [a]\n: 1\n")).last().asString().contains("expected a name as key");
  }
}
