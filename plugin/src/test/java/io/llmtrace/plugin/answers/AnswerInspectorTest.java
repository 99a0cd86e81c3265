package io.llmtrace.plugin.answers;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmtrace.policies.detect.Coverage;
import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.detect.RefusedBy;
import io.llmtrace.policies.detect.engine.AnswerInspection;
import io.llmtrace.policies.detect.output.AnswerContext;
import io.llmtrace.policies.detect.output.CanaryTokens;
import io.llmtrace.policies.json.BodyMemory;
import io.llmtrace.runtime.config.AnswersConfig;
import io.llmtrace.runtime.config.Secret;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(60)
class AnswerInspectorTest {
  private static final String MAIL = "write to anna.schmidt@kundenpost.de";

  /** A busy machine may not let a thread run for a while; what asks no budget is late each time. */
  private static final int ATTEMPTS = 3;

  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();

  @Test
  void an_answer_is_read_and_its_findings_masked() {
    try (AnswerInspector inspector = Inspectors.inspector(Inspectors.WIDE, meters)) {
      AnswerInspection seen = inspect(inspector, json(MAIL));
      assertThat(seen.findings())
          .extracting(Finding::type)
          .containsExactly(FindingType.PII_DETECTED);
      assertThat(seen.findings().toString()).doesNotContain("anna.schmidt");
      assertThat(seen.receipt().coverage()).isEqualTo(Coverage.INSPECTED);
      assertThat(inspect(inspector, json("I'm sorry, but I can't help with that.")).refusal())
          .isEqualTo(RefusedBy.MODEL);
    }
  }

  @Test
  void what_is_not_read_is_said_with_its_reason() {
    AnswersConfig off = new AnswersConfig(false, Duration.ofSeconds(1), Set.of(), null);
    try (AnswerInspector inspector = Inspectors.inspector(off, meters)) {
      inspector.warmUp();
      assertThat(reason(inspect(inspector, json(MAIL)))).isEqualTo("uninspected off");
    }
    try (AnswerInspector inspector = Inspectors.inspector(Inspectors.WIDE, meters)) {
      assertThat(reason(inspect(inspector, " "))).isEqualTo("uninspected no_body");
      String bytes = "\u001f\ufffd\b\u0000\u0000\ufffd\u0003KL\ufffdO\ufffd\u0002\ufffd".repeat(9);
      assertThat(reason(inspect(inspector, bytes))).isEqualTo("uninspected binary");
      assertThat(
              reason(
                  inspector.inspect(
                      "id",
                      null,
                      json(MAIL),
                      null,
                      "default",
                      System.nanoTime() - 1,
                      () -> BodyMemory.UNCOUNTED)))
          .isEqualTo("uninspected overload");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "'data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"write to anna.schmidt@\"}}]}\n\ndata:"
        + " {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"kundenpost.de\"}}]}\n\ndata: {\"choi',"
        + " partial truncated",
    "'{\"choices\":[{\"message\":{\"content\":\"write to anna.schmidt@kundenpost.de and',"
        + " partial truncated",
    "'write to anna.schmidt@kundenpost.de, a gateway might say', inspected ''"
  })
  void a_broken_answer_is_read_as_far_as_it_goes(String body, String outcome) {
    try (AnswerInspector inspector = Inspectors.inspector(Inspectors.WIDE, meters)) {
      AnswerInspection seen = inspect(inspector, body);
      assertThat(seen.findings())
          .extracting(Finding::type)
          .containsExactly(FindingType.PII_DETECTED);
      assertThat(reason(seen)).isEqualTo(outcome.replace("''", ""));
    }
  }

  @Test
  void a_detector_that_throws_costs_its_stage_and_is_counted() {
    try (AnswerInspector inspector =
        Inspectors.inspector(
            Inspectors.WIDE,
            meters,
            Inspectors.detector(
                "broken",
                budget -> {
                  throw new IllegalStateException("a bug");
                }))) {
      AnswerInspection seen = inspect(inspector, json(MAIL));
      assertThat(seen.findings()).hasSize(1);
      assertThat(reason(seen)).isEqualTo("partial error");
      assertThat(seen.receipt().missingStages()).containsExactly("broken");
      assertThat(faults("error")).isEqualTo(1);
    }
  }

  @Test
  void a_detector_that_never_ends_is_left_behind_and_the_others_findings_stand()
      throws InterruptedException {
    CountDownLatch end = new CountDownLatch(1);
    try (AnswerInspector warm = Inspectors.inspector(Inspectors.WIDE, meters)) {
      warm.warmUp();
    }
    AnswersConfig narrow = new AnswersConfig(true, Duration.ofMillis(400), Set.of(), null);
    try (AnswerInspector inspector =
        Inspectors.inspector(
            narrow,
            meters,
            Inspectors.detector(
                "stuck",
                budget -> {
                  try {
                    end.await(20, TimeUnit.SECONDS);
                  } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                  }
                }))) {
      for (int i = 0; i < 4; i++) {
        AnswerInspection seen = inspect(inspector, json("![a](https://203.0.113.9/a.png)"));
        assertThat(seen.findings())
            .extracting(Finding::type)
            .containsExactly(FindingType.DATA_EXFILTRATION);
        assertThat(reason(seen)).isEqualTo("partial budget");
        assertThat(seen.receipt().missingStages()).contains("stuck");
      }
      assertThat(faults("late")).isEqualTo(4);
      // All threads hang: nobody waits for them any more.
      assertThat(reason(inspect(inspector, json(MAIL)))).isEqualTo("uninspected overload");
    } finally {
      end.countDown();
    }
  }

  @Test
  void an_answer_of_a_megabyte_ends_within_its_budget_and_says_how_far_it_came() {
    AnswersConfig narrow = new AnswersConfig(true, Duration.ofMillis(30), Set.of(), null);
    String megabyte = json("The harbour handled \\\\u0430 containers. ".repeat(1 << 15));
    try (AnswerInspector inspector = Inspectors.inspector(narrow, meters)) {
      int late = 0;
      for (int attempt = 1; attempt <= ATTEMPTS && late == attempt - 1; attempt++) {
        AnswerInspection seen = inspect(inspector, megabyte);
        assertThat(seen.receipt().coverage()).isNotEqualTo(Coverage.INSPECTED);
        assertThat(seen.receipt().reason()).isEqualTo("budget");
        late = (int) faults("late");
      }
      assertThat(late).as("late each time").isLessThan(ATTEMPTS);
    }
  }

  @Test
  void canaries_are_known_by_the_questions_tenant_and_by_the_default_one_without_it() {
    String key = "0123456789abcdef";
    AnswersConfig config =
        new AnswersConfig(true, Duration.ofSeconds(10), Set.of(), Secret.of(key));
    try (AnswerInspector inspector = Inspectors.inspector(config, meters)) {
      Map<String, String> tokens =
          Map.of("acme", token(key, "acme"), "default", token(key, "default"));
      OpenQuestions.Question ofAcme =
          new OpenQuestions.Question(0, "acme", AnswerContext.unknown(), null);
      assertThat(types(inspector, tokens.get("acme"), ofAcme))
          .contains(FindingType.CANARY_TOKEN_LEAKAGE);
      assertThat(types(inspector, tokens.get("default"), ofAcme))
          .doesNotContain(FindingType.CANARY_TOKEN_LEAKAGE);
      assertThat(types(inspector, tokens.get("default"), null))
          .contains(FindingType.CANARY_TOKEN_LEAKAGE);
    }
  }

  @Test
  void links_to_hosts_that_are_not_allowed_are_found() {
    AnswersConfig config =
        new AnswersConfig(true, Duration.ofSeconds(10), Set.of("Docs.example.com"), null);
    try (AnswerInspector inspector = Inspectors.inspector(config, meters)) {
      assertThat(types(inspector, "![a](https://en.docs.example.com/a.png)", null)).isEmpty();
      assertThat(types(inspector, "![a](https://other.example.org/a.png)", null))
          .containsExactly(FindingType.DATA_EXFILTRATION);
    }
  }

  private static String token(String key, String tenant) {
    return CanaryTokens.ofTenant(key.getBytes(StandardCharsets.UTF_8), tenant).issue(42);
  }

  private static List<FindingType> types(
      AnswerInspector inspector, String content, OpenQuestions.Question question) {
    return inspector
        .inspect(
            "id",
            null,
            json(content),
            question,
            "default",
            System.nanoTime() + (1L << 40),
            () -> BodyMemory.UNCOUNTED)
        .findings()
        .stream()
        .map(Finding::type)
        .toList();
  }

  private static AnswerInspection inspect(AnswerInspector inspector, String body) {
    return inspector.inspect(
        "id",
        null,
        body,
        null,
        "default",
        System.nanoTime() + (1L << 40),
        () -> BodyMemory.UNCOUNTED);
  }

  private static String reason(AnswerInspection seen) {
    return seen.receipt().coverage().label() + " " + seen.receipt().reason();
  }

  private double faults(String kind) {
    return meters.counter("llmtrace_plugin_answer_faults", "kind", kind).count();
  }

  private static String json(String content) {
    return "{\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\""
        + content
        + "\"},\"finish_reason\":\"stop\"}]}";
  }
}
