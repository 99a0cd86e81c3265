package io.llmtrace.policies.library;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmtrace.policies.evaluate.PolicyStack;
import io.llmtrace.policies.language.Policy;
import io.llmtrace.policies.language.PolicyProblemsException;
import io.llmtrace.policies.language.PolicyReader;
import io.llmtrace.policies.policy.Action;
import io.llmtrace.policies.policy.Mode;
import io.llmtrace.policies.trial.Comparison;
import io.llmtrace.policies.trial.TrialCase;
import io.llmtrace.policies.trial.TrialReader;
import io.llmtrace.policies.trial.Trials;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.LocalDate;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

class PolicyLibraryTest {
  private static Trials trials;

  @BeforeAll
  static void load_the_engine() throws InterruptedException {
    trials = new Trials(SharedEngine.get(), () -> Instant.parse("2026-06-02T08:00:00Z"));
  }

  @Test
  void all_files_are_packaged() throws IOException {
    try (Stream<Path> files = Files.list(Path.of("library"))) {
      assertThat(
              files
                  .map(file -> file.getFileName().toString())
                  .filter(each -> each.endsWith(".yaml")))
          .containsExactlyInAnyOrderElementsOf(
              PolicyLibrary.names().stream()
                  .flatMap(name -> Stream.of(name + ".yaml", name + ".test.yaml"))
                  .toList());
    }
    assertThat(PolicyLibrary.policy("../baseline")).isEmpty();
  }

  @TestFactory
  Stream<DynamicTest> policies_are_read_without_a_warning() {
    return PolicyLibrary.names().stream()
        .map(
            name ->
                DynamicTest.dynamicTest(
                    name,
                    () -> {
                      PolicyReader.Read read =
                          PolicyReader.read(
                              PolicyLibrary.policy(name).orElseThrow(), LocalDate.of(2026, 6, 1));
                      assertThat(read.warnings()).isEmpty();
                      assertThat(read.policy().name()).isEqualTo(name);
                      assertThat(read.policy().metadata().description()).isNotEmpty();
                      assertThat(read.policy().rules())
                          .allSatisfy(rule -> assertThat(rule.description()).isNotEmpty());
                      // What is put on a route must not block anybody on its first day.
                      assertThat(read.policy().mode()).isEqualTo(Mode.OBSERVE);
                    }));
  }

  @TestFactory
  Stream<DynamicTest> each_has_at_least_ten_cases_of_which_three_pass() {
    return PolicyLibrary.names().stream()
        .map(
            name ->
                DynamicTest.dynamicTest(
                    name,
                    () -> {
                      List<TrialCase> cases = cases(name);
                      assertThat(cases).hasSizeGreaterThanOrEqualTo(10);
                      assertThat(cases)
                          .filteredOn(each -> each.expected().action() == Action.ALLOW)
                          .hasSizeGreaterThanOrEqualTo(3);
                    }));
  }

  @TestFactory
  Stream<DynamicTest> cases_come_out_as_they_say() {
    return PolicyLibrary.names().stream().flatMap(PolicyLibraryTest::tests);
  }

  private static Stream<DynamicTest> tests(String name) {
    try {
      Policy policy = PolicyReader.read(PolicyLibrary.policy(name).orElseThrow());
      PolicyStack stack = Trials.enforcing(List.of(policy));
      return cases(name).stream()
          .map(
              each ->
                  DynamicTest.dynamicTest(
                      name + ": " + each.name(),
                      () ->
                          assertThat(Comparison.of(each, trials.run(stack, each.sample())))
                              .isEmpty()));
    } catch (PolicyProblemsException e) {
      throw new AssertionError(e.getMessage(), e);
    }
  }

  private static List<TrialCase> cases(String name) throws PolicyProblemsException {
    return TrialReader.cases(PolicyLibrary.tests(name).orElseThrow());
  }
}
