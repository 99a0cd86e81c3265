package io.llmtrace.plugin.enforcement;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.llmtrace.plugin.answers.AnswerInspector;
import io.llmtrace.plugin.answers.Inspectors;
import io.llmtrace.plugin.answers.OpenQuestions;
import io.llmtrace.plugin.conf.RouteConf;
import io.llmtrace.plugin.conf.RouteConfReader;
import io.llmtrace.plugin.gateway.AnswerHandler;
import io.llmtrace.plugin.gateway.GatewayRequest.BodyState;
import io.llmtrace.plugin.gateway.HeldAnswer;
import io.llmtrace.plugin.gateway.MemoryBudget;
import io.llmtrace.plugin.identity.DecisionIds;
import io.llmtrace.plugin.policies.PolicyTable;
import io.llmtrace.policies.detect.output.AnswerDetector;
import io.llmtrace.policies.exchange.Caller;
import io.llmtrace.policies.exchange.Dialect;
import io.llmtrace.policies.policy.Action;
import io.llmtrace.runtime.config.AnswersConfig;
import io.llmtrace.runtime.config.OnUninspectable;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What becomes of a held answer when something goes wrong, and that it is answered once. */
@Timeout(60)
class AnswerEnforcerTest {
  private static final String MAIL = "anna.schmidt" + "@" + "kundenpost.de";
  private static final String SAID =
      "{\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"%s\"}}]}";
  private static final String ENFORCES =
      "\"mode\":\"enforce\",\"redact\":[\"email\"],\"answers\":{\"enforce\":true}";
  private static final String STRICT = ENFORCES + ",\"on_uninspectable\":\"block\"";

  @TempDir private Path folder;
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final OpenQuestions questions = new OpenQuestions(0, meters);
  private final MemoryBudget memory = new MemoryBudget(1 << 24);
  private final BlockingQueue<HeldAnswer.Decision> decided = new ArrayBlockingQueue<>(16);
  private DecisionIds ids;

  @BeforeEach
  void open() throws IOException {
    ids = DecisionIds.open(folder);
  }

  @Test
  void an_answer_without_anything_in_it_passes_untouched_with_its_headers() throws Exception {
    try (AnswerEnforcer enforcer = enforcer()) {
      HeldAnswer.Decision decision = handled(enforcer, ENFORCES, SAID.formatted("Fine."));
      assertThat(decision.status()).isZero();
      assertThat(decision.body()).isNull();
      assertThat(decision.headers())
          .containsExactly(
              Map.entry("Content-Type", "application/json"), Map.entry("ETag", "\"1\""));
    }
  }

  @Test
  void a_changed_body_loses_the_headers_that_spoke_of_the_old_one() throws Exception {
    try (AnswerEnforcer enforcer = enforcer()) {
      HeldAnswer.Decision decision = handled(enforcer, ENFORCES, SAID.formatted(MAIL));
      assertThat(new String(decision.body(), UTF_8)).isEqualTo(SAID.formatted("[EMAIL_1]"));
      assertThat(decision.headers())
          .contains(Map.entry("Content-Type", "application/json"))
          .contains(Map.entry("x-llmtrace-action", "redact"))
          .noneMatch(header -> header.getKey().equals("ETag"));
    }
  }

  @Test
  void a_stage_that_throws_lets_the_answer_pass_unless_the_route_is_strict() throws Exception {
    AnswerDetector broken =
        Inspectors.detector(
            "broken",
            budget -> {
              throw new IllegalStateException("a bug");
            });
    try (AnswerEnforcer enforcer = enforcer(broken)) {
      assertThat(handled(enforcer, ENFORCES, SAID.formatted("Fine.")).status()).isZero();
      assertThat(handled(enforcer, STRICT, SAID.formatted("Fine.")).status()).isEqualTo(403);
      // What the other stages found cannot be redacted any more, and must not pass.
      assertThat(handled(enforcer, ENFORCES, SAID.formatted(MAIL)).status()).isEqualTo(400);
    }
  }

  @Test
  void a_stage_that_hangs_is_left_behind_and_nothing_is_answered_twice() throws Exception {
    CountDownLatch end = new CountDownLatch(1);
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch ended = new CountDownLatch(1);
    AnswerDetector hangs =
        Inspectors.detector(
            "hangs",
            budget -> {
              begun.countDown();
              await(end);
              ended.countDown();
            });
    try (AnswerEnforcer enforcer = enforcer(hangs)) {
      String quick = ENFORCES + ",\"budget_ms\":100";
      assertThat(handled(enforcer, quick, SAID.formatted("Fine.")).status()).isZero();
      end.countDown();
      // On a busy machine the budget may be over before the stage is asked at all.
      if (begun.getCount() == 0) {
        ended.await();
      }
    }
    // The pool has ended, and with it the worker that came too late.
    assertThat(decided).isEmpty();
    assertThat(memory.used()).isZero();
  }

  @Test
  void past_the_queue_answers_pass_counted() throws Exception {
    CountDownLatch end = new CountDownLatch(1);
    CountDownLatch begun = new CountDownLatch(1);
    AnswerDetector waits =
        Inspectors.detector(
            "waits",
            budget -> {
              begun.countDown();
              await(end);
            });
    try (AnswerEnforcer enforcer = enforcer(waits)) {
      handle(enforcer, ENFORCES, SAID.formatted("one"));
      begun.await();
      handle(enforcer, ENFORCES, SAID.formatted("two"));
      assertThat(handled(enforcer, ENFORCES, SAID.formatted("three")).body()).isNull();
      assertThat(count("allow", "overload")).isEqualTo(1);
      end.countDown();
      assertThat(decided.poll(30, TimeUnit.SECONDS)).isNotNull();
      assertThat(decided.poll(30, TimeUnit.SECONDS)).isNotNull();
    }
    assertThat(memory.used()).isZero();
  }

  @Test
  void a_body_for_which_there_is_no_memory_passes_unless_the_route_is_strict() {
    try (AnswerEnforcer enforcer = enforcer()) {
      for (String conf : List.of(ENFORCES, STRICT)) {
        enforcer.handle(
            held(conf, "application/json", ""),
            new AnswerHandler.Body(new byte[0], BodyState.NO_MEMORY, 9, System.nanoTime()),
            MemoryBudget.Lease.NONE,
            decided::add);
      }
      assertThat(decided.remove().status()).isZero();
      assertThat(decided.remove().status()).isEqualTo(403);
    }
  }

  @Test
  void streams_and_what_holds_no_text_are_not_asked_for_and_what_is_too_long_is_judged_unread() {
    try (AnswerEnforcer enforcer = enforcer()) {
      assertThat(enforcer.withoutBody(held(STRICT, "text/event-stream; charset=utf-8", "")))
          .isPresent();
      assertThat(enforcer.withoutBody(held(STRICT, "audio/mpeg", ""))).isPresent();
      assertThat(enforcer.withoutBody(held(STRICT, "application/json", "1000"))).isEmpty();
      assertThat(enforcer.withoutBody(held(STRICT, "", ""))).isEmpty();
      Optional<HeldAnswer.Decision> tooLong =
          enforcer.withoutBody(held(STRICT, "application/json", "99999999"));
      assertThat(tooLong).map(HeldAnswer.Decision::status).contains(403);
      assertThat(enforcer.withoutBody(held(ENFORCES, "application/json", "99999999")))
          .map(HeldAnswer.Decision::status)
          .contains(0);
    }
  }

  @Test
  void the_answer_to_a_request_for_a_stream_is_not_asked_for_whatever_its_type() {
    String id = ids.issue();
    questions.expect(
        id,
        "t",
        new OpenQuestions.Expected(new Caller(Dialect.OPENAI_CHAT, "m", true, ""), Map.of()));
    try (AnswerEnforcer enforcer = enforcer()) {
      HeldAnswer held =
          new HeldAnswer(
              conf(ENFORCES),
              200,
              List.of(Map.entry("content-type", "application/json")),
              ids.header(id),
              1 << 20);
      assertThat(enforcer.withoutBody(held)).isPresent();
    }
  }

  @Test
  void a_node_that_inspects_no_answers_still_restores() throws Exception {
    String id = ids.issue();
    questions.expect(
        id,
        "t",
        new OpenQuestions.Expected(Caller.of(Dialect.OPENAI_CHAT), Map.of("[EMAIL_1]", "a\"b")));
    AnswersConfig off = new AnswersConfig(false, Inspectors.WIDE.budget(), Set.of(), null);
    try (AnswerEnforcer enforcer = enforcer(off)) {
      HeldAnswer held = new HeldAnswer(conf(STRICT), 200, List.of(), ids.header(id), 1 << 20);
      handle(enforcer, held, SAID.formatted("to [EMAIL_1], " + MAIL));
      HeldAnswer.Decision decision = decided.poll(30, TimeUnit.SECONDS);
      assertThat(new String(decision.body(), UTF_8))
          .isEqualTo(SAID.formatted("to a\\\"b, " + MAIL));
      OpenQuestions.Handled done = questions.find(id).orElseThrow().handled();
      assertThat(done.action()).isEqualTo(Action.ALLOW);
      assertThat(done.inspection().receipt().reason()).isEqualTo("off");
    }
  }

  @Test
  void an_answer_that_would_take_the_memory_is_unread_and_gives_it_back() throws Exception {
    String heavy = "{\"choices\":[" + "[],".repeat(1 << 18) + "1]}";
    try (AnswerEnforcer enforcer = enforcer()) {
      // 20 MiB of a tree, where there are 16.
      assertThat(handled(enforcer, ENFORCES, heavy).status()).isZero();
      assertThat(handled(enforcer, STRICT, heavy).status()).isEqualTo(403);
      assertThat(count("pass", "memory") + count("allow", "memory") + count("block", "memory"))
          .isEqualTo(2);
    }
    assertThat(memory.used()).isZero();
  }

  private AnswerEnforcer enforcer(AnswerDetector... more) {
    return enforcer(Inspectors.WIDE, more);
  }

  private AnswerEnforcer enforcer(AnswersConfig config, AnswerDetector... more) {
    return new AnswerEnforcer(
        new AnswerEnforcer.Settings(1, 1),
        Inspectors.engine(more),
        new AnswerInspector(Inspectors.engine(more), config, meters),
        new AnswerVerdicts(() -> PolicyTable.BUILT_IN, ids),
        questions,
        ids,
        meters);
  }

  private HeldAnswer.Decision handled(AnswerEnforcer enforcer, String conf, String body)
      throws InterruptedException {
    handle(enforcer, conf, body);
    HeldAnswer.Decision decision = decided.poll(30, TimeUnit.SECONDS);
    assertThat(decision).isNotNull();
    return decision;
  }

  private void handle(AnswerEnforcer enforcer, String conf, String body) {
    handle(enforcer, held(conf, "application/json", Integer.toString(body.length())), body);
  }

  private void handle(AnswerEnforcer enforcer, HeldAnswer held, String body) {
    byte[] bytes = body.getBytes(UTF_8);
    Consumer<HeldAnswer.Decision> responder = decided::add;
    enforcer.handle(
        held,
        new AnswerHandler.Body(bytes, BodyState.READ, bytes.length, System.nanoTime()),
        memory.take(bytes.length),
        responder);
  }

  private double count(String action, String reason) {
    return meters
        .counter("llmtrace_plugin_held_answers", "action", action, "reason", reason)
        .count();
  }

  private static HeldAnswer held(String conf, String type, String length) {
    List<Map.Entry<String, String>> headers = new ArrayList<>();
    if (!type.isEmpty()) {
      headers.add(Map.entry("Content-Type", type));
    }
    if (!length.isEmpty()) {
      headers.add(Map.entry("Content-Length", length));
    }
    headers.add(Map.entry("ETag", "\"1\""));
    return new HeldAnswer(conf(conf), 200, headers, "", 1 << 20);
  }

  private static RouteConf conf(String keys) {
    return new RouteConfReader(20_000, OnUninspectable.PASS)
        .read(List.of(Map.entry("llmtrace", "{" + keys + "}")));
  }

  private static void await(CountDownLatch latch) {
    boolean interrupted = false;
    while (true) {
      try {
        latch.await();
        break;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
