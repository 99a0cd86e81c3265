package io.llmtrace.plugin.callout;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmtrace.plugin.conf.RouteConfReader;
import io.llmtrace.plugin.conf.RunnerConfs;
import io.llmtrace.plugin.inspection.Host;
import io.llmtrace.plugin.inspection.InspectionService;
import io.llmtrace.plugin.local.CalloutEndpoint;
import io.llmtrace.policies.json.WireJson;
import io.llmtrace.policies.wire.InspectionRecord;
import io.llmtrace.runtime.config.OnUninspectable;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Call-outs on the real inspection service with a marker for an engine. */
@Timeout(120)
class CalloutsTest {
  private static final int LONGEST = 64 << 10;
  private static final String ENFORCE = "{\"mode\":\"enforce\",\"budget_ms\":10000}";
  private static final String STRICT =
      "{\"mode\":\"enforce\",\"budget_ms\":10000,\"on_uninspectable\":\"block\"}";

  private static final String REDACTING =
      "{\"mode\":\"enforce\",\"budget_ms\":10000,\"redact\":{\"types\":[\"secret_leakage\"]}}";

  @TempDir private Path folder;
  private final CountDownLatch goOn = new CountDownLatch(1);
  private final CountDownLatch held = new CountDownLatch(1);
  private Host host;

  @AfterEach
  void stop() {
    goOn.countDown();
    host.close();
  }

  @Test
  void an_attack_is_blocked_and_recorded_with_what_the_gateway_told() throws Exception {
    Callouts callouts = callouts(1 << 20);
    CalloutEndpoint.Reply reply = ask(callouts, ENFORCE, "attack");
    JsonNode said = json(reply);
    assertThat(reply.status()).isEqualTo(200);
    assertThat(said.path("action").asText()).isEqualTo("block");
    assertThat(said.path("category").asText()).isEqualTo("prompt_injection");
    assertThat(said.path("findings").asInt()).isEqualTo(1);
    assertThat(said.path("coverage").asText()).isEqualTo("inspected");
    assertThat(said.at("/client/status").asInt()).isEqualTo(400);
    assertThat(said.at("/client/body").asText()).isEqualTo("attack");
    assertThat(said.has("upstream")).isFalse();
    assertThat(reply.headers())
        .containsEntry("x-llmtrace-decision", "block")
        .containsEntry("x-llmtrace-status", "400");
    InspectionRecord record = host.recordOf(reply.headers());
    assertThat(record.decisionId()).isEqualTo(said.path("decision_id").asText());
    assertThat(record.route()).isEqualTo("chat");
    assertThat(record.consumer()).isEqualTo("alice");
    assertThat(record.path()).isEqualTo("/v1/chat/completions");
  }

  @Test
  void a_body_of_unknown_length_is_read_whole_and_its_memory_given_back() throws Exception {
    Callouts callouts = callouts(1 << 20);
    String text = "a".repeat(50_000) + " attack";
    CalloutEndpoint.Upload upload = callouts.open(headers(ENFORCE), -1);
    byte[] bytes = text.getBytes(UTF_8);
    for (int from = 0; from < bytes.length; from += 1_000) {
      upload.add(java.util.Arrays.copyOfRange(bytes, from, Math.min(bytes.length, from + 1_000)));
    }
    assertThat(host.memory.used()).isBetween((long) bytes.length, (long) LONGEST);
    JsonNode said = json(end(upload));
    assertThat(said.path("action").asText()).isEqualTo("block");
    assertThat(said.at("/client/body").asText()).isEqualTo(text);
    awaitNoMemory();
  }

  @Test
  void what_is_redacted_comes_back_as_the_new_body() throws Exception {
    Callouts callouts = callouts(1 << 20);
    JsonNode said = json(ask(callouts, REDACTING, "a secret here"));
    assertThat(said.path("action").asText()).isEqualTo("redact");
    byte[] body = Base64.getDecoder().decode(said.at("/upstream/body_base64").asText());
    assertThat(new String(body, UTF_8)).isEqualTo("a [SECRET_LEAKAGE_1] here");
    assertThat(said.at("/upstream/headers/content-length").asInt()).isEqualTo(body.length);
    assertThat(said.at("/client/headers/x-llmtrace-action").asText()).isEqualTo("redact");
  }

  @Test
  void a_new_body_is_within_the_memory_until_it_is_sent() throws Exception {
    Callouts callouts = callouts(1 << 20);
    CalloutEndpoint.Reply reply = ask(callouts, REDACTING, "a secret " + "x".repeat(20_000));
    assertThat(json(reply).path("action").asText()).isEqualTo("redact");
    assertThat(reply.body().length).isGreaterThan(26_000);
    // The request's own goes when its decision is made.
    until(() -> host.memory.used() <= reply.body().length);
    assertThat(host.memory.used()).isEqualTo(reply.body().length);
    reply.sent().run();
    reply.sent().run();
    assertThat(host.memory.used()).isZero();
  }

  @Test
  void without_memory_for_the_new_body_the_old_one_does_not_go_on() throws Exception {
    Callouts callouts = callouts(60_000);
    CalloutEndpoint.Reply reply = ask(callouts, REDACTING, "a secret " + "x".repeat(20_000));
    JsonNode said = json(reply);
    assertThat(reply.status()).isEqualTo(200);
    assertThat(said.path("action").asText()).isEqualTo("block");
    assertThat(said.path("would").asText()).isEqualTo("redact");
    assertThat(said.at("/client/status").asInt()).isEqualTo(503);
    assertThat(said.at("/client/headers/retry-after").asText()).isEqualTo("1");
    assertThat(said.has("upstream")).isFalse();
    assertThat(reply.headers())
        .containsEntry("x-llmtrace-decision", "block")
        .containsEntry("x-llmtrace-status", "503");
    awaitNoMemory();
  }

  @Test
  void a_body_that_is_too_long_is_a_request_that_was_not_inspected() throws Exception {
    Callouts callouts = callouts(1 << 20);
    for (long announced : new long[] {LONGEST + 1L, -1}) {
      CalloutEndpoint.Upload upload = callouts.open(headers(ENFORCE), announced);
      upload.add(new byte[LONGEST]);
      upload.add(new byte[1]);
      assertThat(host.memory.used()).isZero();
      CalloutEndpoint.Reply reply = end(upload);
      assertThat(json(reply).path("action").asText()).isEqualTo("allow");
      assertThat(json(reply).path("coverage").asText()).isEqualTo("uninspected");
      assertThat(json(reply).path("reason").asText()).isEqualTo("too_large");
      assertThat(host.recordOf(reply.headers()).receipt().bytes()).isEqualTo(LONGEST + 1L);
    }
    CalloutEndpoint.Upload strict = callouts.open(headers(STRICT), LONGEST + 1L);
    assertThat(json(end(strict)).at("/client/status").asInt()).isEqualTo(403);
  }

  @Test
  void bodies_beyond_the_memory_for_them_pass_uninspected_and_are_counted() throws Exception {
    Callouts callouts = callouts(1_000);
    CalloutEndpoint.Upload first = callouts.open(headers(ENFORCE), 900);
    CalloutEndpoint.Upload second = callouts.open(headers(ENFORCE), 200);
    second.add(new byte[200]);
    assertThat(json(end(second)).path("reason").asText()).isEqualTo("memory");
    CalloutEndpoint.Upload grows = callouts.open(headers(ENFORCE), -1);
    grows.add(new byte[200]);
    assertThat(json(end(grows)).path("reason").asText()).isEqualTo("memory");
    assertThat(host.memory.used()).isEqualTo(900);
    first.abandon();
    assertThat(host.memory.used()).isZero();
    assertThat(json(ask(callouts, ENFORCE, "attack")).path("action").asText()).isEqualTo("block");
  }

  @Test
  void the_breaker_is_the_one_of_the_socket() throws Exception {
    Callouts callouts = callouts(1 << 20);
    for (int i = 0; i < 5; i++) {
      assertThat(json(ask(callouts, ENFORCE, "throw")).path("reason").asText()).isEqualTo("error");
    }
    assertThat(host.breaker.state()).isEqualTo("open");
    JsonNode said = json(ask(callouts, ENFORCE, "attack"));
    assertThat(said.path("action").asText()).isEqualTo("allow");
    assertThat(said.path("reason").asText()).isEqualTo("breaker");
    assertThat(json(ask(callouts, STRICT, "attack")).at("/client/status").asInt()).isEqualTo(403);
  }

  @Test
  void the_routes_budget_ends_it_and_what_was_found_is_enforced() throws Exception {
    Callouts callouts = callouts(1 << 20);
    // Ends while "hold" hangs, and not before a busy machine has found the attack.
    String soon = ENFORCE.replace("10000", "1000");
    JsonNode padding = json(ask(callouts, soon, "hold"));
    assertThat(padding.path("reason").asText()).isEqualTo("budget");
    assertThat(padding.path("action").asText()).isEqualTo("allow");
    JsonNode attack = json(ask(callouts, soon, "attack, then hold"));
    assertThat(attack.path("action").asText()).isEqualTo("block");
    assertThat(attack.path("coverage").asText()).isEqualTo("partial");
  }

  @Test
  void more_at_once_than_may_wait_pass_uninspected_and_each_is_answered_and_recorded_once()
      throws Exception {
    Callouts callouts = callouts(1 << 20);
    List<CompletableFuture<CalloutEndpoint.Reply>> replies = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      CompletableFuture<CalloutEndpoint.Reply> reply = new CompletableFuture<>();
      CalloutEndpoint.Upload upload = callouts.open(headers(ENFORCE), 4);
      upload.add("hold".getBytes(UTF_8));
      upload.end(
          answer -> assertThat(reply.complete(answer)).as("answered for the first time").isTrue());
      replies.add(reply);
    }
    // Two work and four wait; the others are told so at once.
    long overload = 0;
    for (CompletableFuture<CalloutEndpoint.Reply> reply : replies.subList(6, 40)) {
      assertThat(json(reply.get(30, TimeUnit.SECONDS)).path("reason").asText())
          .isEqualTo("overload");
      overload++;
    }
    goOn.countDown();
    for (CompletableFuture<CalloutEndpoint.Reply> reply : replies) {
      assertThat(reply.get(30, TimeUnit.SECONDS).status()).isEqualTo(200);
    }
    assertThat(overload).isEqualTo(34);
    assertThat(host.records).hasSize(40);
    awaitNoMemory();
  }

  @Test
  void who_leaves_answers_what_is_in_flight_and_503_to_all_others() throws Exception {
    Callouts callouts = callouts(1 << 20);
    CompletableFuture<CalloutEndpoint.Reply> reply = new CompletableFuture<>();
    CalloutEndpoint.Upload upload = callouts.open(headers(ENFORCE), 4);
    upload.add("hold".getBytes(UTF_8));
    upload.end(reply::complete);
    assertThat(held.await(30, TimeUnit.SECONDS)).isTrue();
    CompletableFuture<Void> drained =
        CompletableFuture.runAsync(() -> callouts.drain(Duration.ofSeconds(60)));
    AtomicReference<CalloutEndpoint.Reply> last = new AtomicReference<>();
    until(
        () -> {
          last.set(ask(callouts, ENFORCE, "attack"));
          return last.get().status() == 503;
        });
    CalloutEndpoint.Reply late = last.get();
    assertThat(late.headers()).containsEntry("retry-after", "1");
    assertThat(json(late).path("detail").asText()).isEqualTo("this process is leaving; ask again");
    assertThat(drained).isNotCompleted();
    goOn.countDown();
    assertThat(json(reply.get(30, TimeUnit.SECONDS)).path("action").asText()).isEqualTo("allow");
    drained.get(30, TimeUnit.SECONDS);
    awaitNoMemory();
  }

  @Test
  void what_is_no_question_is_told_what_would_be_one() throws Exception {
    Callouts callouts = callouts(1 << 20);
    CalloutEndpoint.Upload upload =
        callouts.open(List.of(Map.entry("x-llmtrace-method", "POST")), 10);
    upload.add(new byte[10]);
    CalloutEndpoint.Reply reply = end(upload);
    assertThat(reply.status()).isEqualTo(400);
    assertThat(reply.contentType()).isEqualTo("application/problem+json");
    assertThat(json(reply).path("detail").asText()).startsWith("x-llmtrace-uri, x-llmtrace-host");
    assertThat(host.memory.used()).isZero();
  }

  @Test
  void settings_that_are_wrong_are_a_problem_that_is_named_and_cost_no_traffic() throws Exception {
    Callouts callouts = callouts(1 << 20);
    ask(callouts, "{\"mode\":\"enfroce\",\"answers\":{\"enforce\":true}}", "hello");
    assertThat(callouts.problems())
        .containsExactly(
            "callout#chat: mode: expected observe or enforce",
            "callout#chat: answers: a call-out shows no answers; they are not enforced");
    assertThat(callouts.routes()).hasSize(1);
  }

  private Callouts callouts(long memory) throws IOException {
    host = new Host(folder, this::hook, new InspectionService.Settings(2, 4), memory);
    return new Callouts(
        host.service,
        host.memory,
        LONGEST,
        RunnerConfs.ofCallouts(new RouteConfReader(150, OnUninspectable.PASS), host.meters),
        host.meters);
  }

  private void hook(String text) {
    if (text.contains("throw")) {
      throw new IllegalStateException("as asked");
    }
    if (text.contains("hold")) {
      held.countDown();
      try {
        goOn.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private void awaitNoMemory() throws Exception {
    until(() -> host.memory.used() == 0);
  }

  private static void until(Callable<Boolean> condition) throws Exception {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    while (!condition.call()) {
      assertThat(System.nanoTime() - end).as("waited too long").isNegative();
      Thread.sleep(5);
    }
  }

  private static List<Map.Entry<String, String>> headers(String conf) {
    return List.of(
        Map.entry("x-llmtrace-method", "POST"),
        Map.entry("x-llmtrace-uri", "/v1/chat/completions"),
        Map.entry("x-llmtrace-host", "api.openai.com"),
        Map.entry("x-llmtrace-client-ip", "10.0.0.1"),
        Map.entry("x-llmtrace-route", "chat"),
        Map.entry("x-llmtrace-consumer", "alice"),
        Map.entry("x-llmtrace-authorization", "-"),
        Map.entry("x-llmtrace-conf", conf));
  }

  private static CalloutEndpoint.Reply ask(Callouts callouts, String conf, String body)
      throws Exception {
    CalloutEndpoint.Upload upload = callouts.open(headers(conf), body.length());
    upload.add(body.getBytes(UTF_8));
    return end(upload);
  }

  private static CalloutEndpoint.Reply end(CalloutEndpoint.Upload upload) throws Exception {
    CompletableFuture<CalloutEndpoint.Reply> reply = new CompletableFuture<>();
    upload.end(reply::complete);
    return reply.get(30, TimeUnit.SECONDS);
  }

  private static JsonNode json(CalloutEndpoint.Reply reply) throws IOException {
    return WireJson.mapper().readTree(reply.body());
  }
}
