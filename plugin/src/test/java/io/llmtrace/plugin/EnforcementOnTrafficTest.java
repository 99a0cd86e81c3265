package io.llmtrace.plugin;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.json.WireJson;
import io.llmtrace.policies.policy.Action;
import io.llmtrace.policies.policy.Mode;
import io.llmtrace.policies.wire.CompletionRecord;
import io.llmtrace.policies.wire.InspectionRecord;
import io.llmtrace.runtime.config.AnswersConfig;
import io.llmtrace.runtime.config.LlmtraceConfig;
import io.llmtrace.runtime.config.Secret;
import io.llmtrace.runtime.config.SpoolConfig;
import io.llmtrace.testkit.gateway.GatewayConfig;
import io.llmtrace.testkit.gateway.Options;
import io.llmtrace.testkit.gateway.TestGateway;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The whole plugin behind a gateway, in front of a provider that says what the test wants. */
@Timeout(90)
class EnforcementOnTrafficTest {
  private static final String MAIL = "ada.lovelace" + "@" + "analytical-engines.org";
  private static final String OTHER_MAIL = "charles" + "@" + "difference-engines.org";
  private static final String REDACTS =
      "\"mode\":\"enforce\",\"redact\":{\"kinds\":[\"email\"],\"reversible\":true}";

  @TempDir private Path folder;
  private BatchCollector controlPlane;
  private HttpServer provider;
  private PluginProcess<PluginHost> plugin;
  private volatile String asked = "";
  private volatile Map<String, String> askedHeaders = Map.of();
  private volatile Function<String, String> says = request -> said("Fine.");
  private volatile String type = "application/json";
  private volatile boolean gzip;

  @BeforeEach
  void start() throws IOException {
    controlPlane = new BatchCollector();
    provider = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    provider.createContext("/", this::provide);
    provider.start();
    plugin = PluginProcess.start(config());
  }

  @AfterEach
  void stop() throws IOException {
    plugin.close();
    controlPlane.close();
    provider.stop(0);
  }

  @Test
  void personal_data_reaches_the_provider_as_a_placeholder_and_all_else_byte_for_byte()
      throws Exception {
    String body = chat("Write to \\u0061" + MAIL.substring(1) + ", twice: " + MAIL);
    try (TestGateway gateway = gateway("{" + REDACTS + "}", null)) {
      HttpResponse<String> answer = send(gateway, body, Map.of());
      assertThat(answer.statusCode()).isEqualTo(200);
      assertThat(asked).isEqualTo(chat("Write to [EMAIL_1], twice: [EMAIL_1]"));
      assertThat(askedHeaders)
          .containsEntry("x-llmtrace-action", "redact")
          .containsEntry("x-llmtrace-flag", "pii_detected")
          .containsEntry("content-length", Integer.toString(asked.length()));
      assertThat(answer.headers().firstValue("x-llmtrace-action")).contains("redact");
      assertThat(answer.headers().firstValue("x-llmtrace-flag")).contains("pii_detected");
      InspectionRecord record = inspected();
      assertThat(record.decision().action()).isEqualTo(Action.REDACT);
      assertThat(record.redacted()).isEqualTo(2);
      assertThat(record.outcome()).isEqualTo("redact");
    }
  }

  @Test
  void each_of_many_is_redacted_though_a_record_tells_of_twenty() throws Exception {
    StringBuilder text = new StringBuilder("Write to all of them:");
    for (int i = 0; i < 300; i++) {
      text.append(" customer").append(i).append('@').append("difference-engines.org,");
    }
    try (TestGateway gateway = gateway("{" + REDACTS + "}", null)) {
      assertThat(send(gateway, chat(text.toString()), Map.of()).statusCode()).isEqualTo(200);
      assertThat(asked).doesNotContain("difference-engines").contains("[EMAIL_300]");
      InspectionRecord record = inspected();
      assertThat(record.redacted()).isEqualTo(300);
      assertThat(record.findings()).hasSize(20);
    }
  }

  @Test
  void more_than_can_be_kept_is_blocked_and_not_half_redacted() throws Exception {
    StringBuilder text = new StringBuilder("Write to all of them:");
    for (int i = 0; i < 6_000; i++) {
      text.append(" customer").append(i).append('@').append("difference-engines.org,");
    }
    try (TestGateway gateway = gateway("{" + REDACTS + ",\"budget_ms\":20000}", null)) {
      assertThat(send(gateway, chat(text.toString()), Map.of()).statusCode()).isEqualTo(400);
      assertThat(asked).isEmpty();
      assertThat(inspected().decision().rule()).isEqualTo("route/not_redactable-no_span");
    }
  }

  @Test
  void a_gzip_body_is_sent_on_plain_and_a_client_cannot_say_that_it_was_redacted()
      throws Exception {
    try (TestGateway gateway = gateway("{" + REDACTS + "}", null)) {
      HttpRequest.Builder request =
          request(gateway, Map.of("x-llmtrace-action", "redact"))
              .header("content-encoding", "gzip")
              .POST(HttpRequest.BodyPublishers.ofByteArray(zipped(chat("mail " + MAIL))));
      HttpClient.newHttpClient().send(request.build(), HttpResponse.BodyHandlers.ofString());
      assertThat(asked).isEqualTo(chat("mail [EMAIL_1]"));
      assertThat(askedHeaders).doesNotContainKey("content-encoding");
      send(gateway, chat("nothing"), Map.of("x-llmtrace-action", "redact"));
      assertThat(askedHeaders).doesNotContainKey("x-llmtrace-action");
    }
  }

  @Test
  void a_route_that_observes_redacts_nothing_and_says_that_it_would() throws Exception {
    String value = REDACTS.replace("enforce", "observe");
    try (TestGateway gateway = gateway("{" + value + "}", null)) {
      HttpResponse<String> answer = send(gateway, chat("mail " + MAIL), Map.of());
      assertThat(asked).isEqualTo(chat("mail " + MAIL));
      assertThat(answer.headers().firstValue("x-llmtrace-flag")).contains("pii_detected");
      assertThat(answer.headers().firstValue("x-llmtrace-action")).isEmpty();
      assertThat(inspected().decision().would()).isEqualTo(Action.REDACT);
    }
  }

  @Test
  void what_cannot_be_redacted_safely_is_blocked() throws Exception {
    try (TestGateway gateway = gateway("{" + REDACTS + "}", null)) {
      String damaged = chat("mail " + MAIL).replace("}]}", "},]}");
      HttpResponse<String> answer = send(gateway, damaged, Map.of());
      assertThat(answer.statusCode()).isEqualTo(400);
      assertThat(answer.body()).doesNotContain(MAIL);
      assertThat(asked).isEmpty();
      InspectionRecord record = inspected();
      assertThat(record.decision().rule()).isEqualTo("route/not_redactable-unparsable");
      assertThat(record.decision().mode()).isEqualTo(Mode.ENFORCE);
    }
  }

  @Test
  void a_placeholder_in_an_answer_becomes_its_value_again_for_the_caller() throws Exception {
    says = request -> said("I wrote to [EMAIL_1], not to [EMAIL_2].");
    try (TestGateway gateway = gateway("{" + REDACTS + "}", "{" + REDACTS + ENFORCES + "}")) {
      HttpResponse<String> answer = send(gateway, chat("mail " + MAIL), Map.of());
      assertThat(asked).isEqualTo(chat("mail [EMAIL_1]"));
      assertThat(answer.body()).isEqualTo(said("I wrote to " + MAIL + ", not to [EMAIL_2]."));
      assertThat(answer.headers().firstValue("content-type")).contains("application/json");
      CompletionRecord completion = completed();
      assertThat(completion.answerAction()).isEqualTo(Action.ALLOW);
      assertThat(completion.receipt().reason()).isEmpty();
      // The gateway logs no upstream for a held answer, and yet it cost tokens.
      assertThat(completion.usage()).isNotNull();
    }
  }

  @Test
  void what_an_answer_tells_of_others_is_redacted_gzip_or_not() throws Exception {
    says = request -> said("Ask " + OTHER_MAIL + " or [EMAIL_1].");
    for (boolean zip : new boolean[] {false, true}) {
      gzip = zip;
      try (TestGateway gateway = gateway("{" + REDACTS + "}", "{" + REDACTS + ENFORCES + "}")) {
        HttpResponse<String> answer = send(gateway, chat("mail " + MAIL), Map.of());
        assertThat(answer.body()).isEqualTo(said("Ask [EMAIL_2] or " + MAIL + "."));
        assertThat(answer.headers().firstValue("content-encoding")).isEmpty();
        assertThat(answer.headers().firstValue("x-llmtrace-action")).contains("redact");
        assertThat(answer.headers().firstValue("x-provider")).contains("test");
        CompletionRecord completion = completed();
        assertThat(completion.answerAction()).isEqualTo(Action.REDACT);
        assertThat(completion.findings()).extracting(Finding::rule).containsExactly("email");
      }
    }
  }

  @Test
  void an_answer_that_leaks_is_blocked_in_the_callers_dialect_and_counted_once() throws Exception {
    String secret = "AKIA" + "Z7QX3VNPL5KWTR2B";
    says = request -> said("The key is " + secret + ".");
    try (TestGateway gateway =
        gateway(
            "{\"mode\":\"enforce\"" + ENFORCES + "}", "{\"mode\":\"enforce\"" + ENFORCES + "}")) {
      HttpResponse<String> answer = send(gateway, chat("hello"), Map.of());
      assertThat(answer.statusCode()).isEqualTo(400);
      JsonNode error = WireJson.mapper().readTree(answer.body()).path("error");
      assertThat(error.path("code").asText()).isEqualTo("content_filter");
      assertThat(answer.body()).doesNotContain(secret);
      assertThat(answer.headers().firstValue("x-should-retry")).contains("false");
      CompletionRecord completion = completed();
      assertThat(completion.status()).isEqualTo(400);
      assertThat(completion.answerAction()).isEqualTo(Action.BLOCK);
      // What was sent is ours: the provider's count went with its answer.
      assertThat(completion.usage()).isNull();
      assertThat(completion.findings()).extracting(Finding::rule).containsExactly("aws_access_key");
    }
  }

  @Test
  void a_stream_is_never_held_back() throws Exception {
    type = "text/event-stream";
    String stream =
        "data: {\"choices\":[{\"delta\":{\"content\":\"[EMAIL_1]\"}}]}\n\ndata: [DONE]\n\n";
    says = request -> stream;
    try (TestGateway gateway = gateway("{" + REDACTS + "}", "{" + REDACTS + ENFORCES + "}")) {
      String body = chat("mail " + MAIL).replace("{\"model\"", "{\"stream\":true,\"model\"");
      HttpResponse<String> answer = send(gateway, body, Map.of());
      assertThat(answer.body()).isEqualTo(stream);
      assertThat(answer.headers().firstValue("content-type")).contains("text/event-stream");
      assertThat(metrics()).contains("action=\"pass\",reason=\"stream\"");
    }
  }

  @Test
  void an_answer_that_cannot_be_read_passes_unless_the_route_wants_nothing_unread()
      throws Exception {
    says = request -> "\u001b\u0003 brotli is not undone";
    for (boolean strict : new boolean[] {false, true}) {
      String more = strict ? ",\"on_uninspectable\":\"block\"" : "";
      try (TestGateway gateway =
          gateway("{\"mode\":\"enforce\"}", "{\"mode\":\"enforce\"" + ENFORCES + more + "}")) {
        HttpResponse<String> answer = send(gateway, chat("hello"), Map.of("x-test-encoding", "br"));
        assertThat(answer.statusCode()).isEqualTo(strict ? 403 : 200);
        assertThat(completed().receipt().reason()).isEqualTo("unparsable");
      }
    }
  }

  @Test
  void the_answer_to_a_question_that_nobody_knows_is_inspected_and_not_restored() throws Exception {
    says = request -> said("Ask " + OTHER_MAIL + " or [EMAIL_7].");
    try (TestGateway gateway = gateway(null, "{" + REDACTS + ENFORCES + "}")) {
      HttpResponse<String> answer =
          send(gateway, chat("mail " + MAIL), Map.of("x-llmtrace-id", "forged"));
      assertThat(answer.body()).isEqualTo(said("Ask [EMAIL_1] or [EMAIL_7]."));
    }
  }

  private static final String ENFORCES = ",\"answers\":{\"enforce\":true}";

  private static String chat(String content) {
    return "{\"model\":\"m\", \"messages\":[{\"role\":\"user\",\"content\":\"" + content + "\"}]}";
  }

  private static String said(String content) {
    return "{\"id\":\"c\",\"object\":\"chat.completion\",\"choices\":[{\"index\":0,\"message\":"
        + "{\"role\":\"assistant\",\"content\":\""
        + content
        + "\"},\"finish_reason\":\"stop\"}]}";
  }

  private void provide(HttpExchange exchange) throws IOException {
    try (exchange) {
      asked = new String(exchange.getRequestBody().readAllBytes(), UTF_8);
      Map<String, String> headers = new ConcurrentHashMap<>();
      exchange
          .getRequestHeaders()
          .forEach(
              (name, values) ->
                  headers.put(name.toLowerCase(java.util.Locale.ROOT), values.get(0)));
      askedHeaders = headers;
      byte[] body = gzip ? zipped(says.apply(asked)) : says.apply(asked).getBytes(UTF_8);
      exchange.getResponseHeaders().set("Content-Type", type);
      exchange.getResponseHeaders().set("X-Provider", "test");
      if (gzip) {
        exchange.getResponseHeaders().set("Content-Encoding", "gzip");
      } else if (headers.containsKey("x-test-encoding")) {
        exchange.getResponseHeaders().set("Content-Encoding", headers.get("x-test-encoding"));
      }
      exchange.sendResponseHeaders(200, body.length);
      exchange.getResponseBody().write(body);
    }
  }

  private static byte[] zipped(String text) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (GZIPOutputStream zip = new GZIPOutputStream(out)) {
      zip.write(text.getBytes(UTF_8));
    }
    return out.toByteArray();
  }

  private LlmtraceConfig config() {
    LlmtraceConfig base = LlmtraceConfig.defaults();
    return base.withPlugin(
        base.plugin().toBuilder()
            .node("enforcement")
            .socket(folder.resolve("r.sock"))
            .dataDirectory(folder.resolve("data"))
            .controlPlaneUrl(controlPlane.url())
            .apiKey(Secret.of("key"))
            .port(0)
            .tapSecret(Secret.of("tap-secret"))
            .budget(Duration.ofSeconds(20))
            .spool(new SpoolConfig(1 << 24, 1 << 18, Duration.ofMillis(50)))
            .answers(new AnswersConfig(true, Duration.ofSeconds(20), Set.of(), null))
            .build());
  }

  private TestGateway gateway(String request, String answer) {
    return TestGateway.start(
        GatewayConfig.parse(
            """
            routes:
              - id: chat
                uri: /v1/*
                plugins: {%s %s
                  http-logger: {uri: "http://127.0.0.1:%d/tap", auth_header: Bearer tap-secret,
                    include_resp_body: true, batch_max_size: 1, inactive_timeout: 1,
                    max_retry_count: 60, retry_delay: 1}}
                upstream:
                  nodes:
                    "127.0.0.1:%d": 1
            #END
            """
                .formatted(
                    conf("ext-plugin-post-req", request),
                    conf("ext-plugin-post-resp", answer),
                    plugin.localPort(),
                    provider.getAddress().getPort())),
        Options.of(folder.resolve("r.sock")));
  }

  private static String conf(String name, String value) {
    return value == null ? "" : name + ": {conf: [{name: llmtrace, value: '" + value + "'}]},";
  }

  private static HttpRequest.Builder request(TestGateway gateway, Map<String, String> headers) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(
                URI.create("http://127.0.0.1:" + gateway.port() + "/v1/chat/completions"))
            .header("content-type", "application/json");
    headers.forEach(request::header);
    return request;
  }

  private static HttpResponse<String> send(
      TestGateway gateway, String body, Map<String, String> headers) throws Exception {
    return HttpClient.newHttpClient()
        .send(
            request(gateway, headers).POST(HttpRequest.BodyPublishers.ofString(body)).build(),
            HttpResponse.BodyHandlers.ofString());
  }

  private String metrics() throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + plugin.localPort() + "/metrics"))
            .build();
    return HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString()).body();
  }

  /** The one exchange that was inspected since the last call. */
  private InspectionRecord inspected() throws InterruptedException {
    for (int i = 0; i < 1_500 && controlPlane.inspections.isEmpty(); i++) {
      Thread.sleep(20);
    }
    assertThat(controlPlane.inspections).hasSize(1);
    InspectionRecord record = controlPlane.inspections.values().iterator().next();
    controlPlane.inspections.clear();
    return record;
  }

  /** The one exchange that was completed since the last call. */
  private CompletionRecord completed() throws InterruptedException {
    for (int i = 0; i < 1_500 && controlPlane.completions.isEmpty(); i++) {
      Thread.sleep(20);
    }
    assertThat(controlPlane.completions).hasSize(1);
    CompletionRecord record = controlPlane.completions.values().iterator().next();
    controlPlane.completions.clear();
    return record;
  }
}
