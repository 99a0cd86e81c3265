package io.llmtrace.controlplane.otlp;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.protobuf.ByteString;
import io.llmtrace.controlplane.TestControlPlane;
import io.llmtrace.policies.json.WireJson;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceResponse;
import io.opentelemetry.proto.common.v1.AnyValue;
import io.opentelemetry.proto.common.v1.ArrayValue;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.resource.v1.Resource;
import io.opentelemetry.proto.trace.v1.ResourceSpans;
import io.opentelemetry.proto.trace.v1.ScopeSpans;
import io.opentelemetry.proto.trace.v1.Span;
import io.opentelemetry.proto.trace.v1.Status;
import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(TestControlPlane.Extension.class)
class TracesTest {
  private static final SecureRandom RANDOM = new SecureRandom();
  private static final String SAID = "the patient's name is Winterbottom";

  private final HttpClient client = HttpClient.newHttpClient();
  private final TestControlPlane plane;
  private String key;

  TracesTest(TestControlPlane plane) {
    this.plane = plane;
  }

  @BeforeEach
  void newKey() throws Exception {
    key = plane.key("instance", TestControlPlane.OWN);
  }

  private static byte[] random(int bytes) {
    byte[] id = new byte[bytes];
    RANDOM.nextBytes(id);
    id[0] |= 1;
    return id;
  }

  private static KeyValue of(String key, Object value) {
    AnyValue.Builder any = AnyValue.newBuilder();
    if (value instanceof String text) {
      any.setStringValue(text);
    } else if (value instanceof List<?> list) {
      ArrayValue.Builder all = ArrayValue.newBuilder();
      list.forEach(each -> all.addValues(AnyValue.newBuilder().setStringValue((String) each)));
      any.setArrayValue(all);
    } else if (value instanceof Boolean yes) {
      any.setBoolValue(yes);
    } else {
      any.setIntValue(((Number) value).longValue());
    }
    return KeyValue.newBuilder().setKey(key).setValue(any).build();
  }

  /** A call of some model that took 1.5 s and began a minute ago. */
  private static Span.Builder call(Map<String, Object> attributes) {
    long start = (System.currentTimeMillis() - 60_000) * 1_000_000L;
    Span.Builder span =
        Span.newBuilder()
            .setTraceId(ByteString.copyFrom(random(16)))
            .setSpanId(ByteString.copyFrom(random(8)))
            .setName("chat gpt-4o")
            .setStartTimeUnixNano(start)
            .setEndTimeUnixNano(start + 1_500_000_000L);
    attributes.forEach((name, value) -> span.addAttributes(of(name, value)));
    return span;
  }

  private static final Map<String, Object> CHAT =
      Map.of(
          "gen_ai.operation.name",
          "chat",
          "gen_ai.provider.name",
          "openai",
          "gen_ai.request.model",
          "gpt-4o",
          "gen_ai.response.model",
          "gpt-4o-2024-08-06",
          "gen_ai.usage.input_tokens",
          1_000,
          "gen_ai.usage.output_tokens",
          500,
          "gen_ai.response.finish_reasons",
          List.of("length"),
          "gen_ai.input.messages",
          SAID,
          "gen_ai.system_instructions",
          SAID);

  private static ExportTraceServiceRequest request(String tenant, Span... spans) {
    Resource.Builder resource = Resource.newBuilder().addAttributes(of("service.name", "checkout"));
    if (!tenant.isEmpty()) {
      resource.addAttributes(of("llmtrace.tenant", tenant));
    }
    return ExportTraceServiceRequest.newBuilder()
        .addResourceSpans(
            ResourceSpans.newBuilder()
                .setResource(resource)
                .addScopeSpans(ScopeSpans.newBuilder().addAllSpans(List.of(spans))))
        .build();
  }

  private HttpResponse<byte[]> post(byte[] body, String key, String... headers) throws Exception {
    HttpRequest.Builder post =
        HttpRequest.newBuilder(
                URI.create("http://127.0.0.1:" + plane.service().port() + "/v1/traces"))
            .POST(HttpRequest.BodyPublishers.ofByteArray(body))
            .headers(headers);
    if (!key.isEmpty()) {
      post.header("Authorization", "Bearer " + key);
    }
    return client.send(post.build(), HttpResponse.BodyHandlers.ofByteArray());
  }

  private ExportTraceServiceResponse send(ExportTraceServiceRequest request) throws Exception {
    HttpResponse<byte[]> answer =
        post(request.toByteArray(), key, "Content-Type", "application/x-protobuf");
    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.headers().firstValue("Content-Type")).hasValue("application/x-protobuf");
    return ExportTraceServiceResponse.parseFrom(answer.body());
  }

  private String record(String table, Span span) throws Exception {
    return plane.query(
        "SELECT x.record::text FROM "
            + table
            + " x JOIN exchanges e ON e.decision_id = x.decision_id"
            + " WHERE e.record->>'trace_id' = '"
            + HexFormat.of().formatHex(span.getTraceId().toByteArray())
            + "'");
  }

  private String count(Span span) throws Exception {
    return plane.query(
        "SELECT count(*) FROM exchanges WHERE record->>'trace_id' = '"
            + HexFormat.of().formatHex(span.getTraceId().toByteArray())
            + "'");
  }

  @Test
  void aCallPastTheGatewayIsAnExchangeThatSaysThatNobodyInspectedIt() throws Exception {
    Span span = call(CHAT).setParentSpanId(ByteString.copyFrom(random(8))).build();
    assertThat(send(request("", span)).hasPartialSuccess()).isFalse();
    JsonNode asked = WireJson.mapper().readTree(record("exchanges", span));
    assertThat(asked.path("tenant").asText()).isEqualTo(TestControlPlane.OWN);
    assertThat(asked.path("route").asText()).isEqualTo("otlp/checkout");
    assertThat(asked.path("receipt").path("coverage").asText()).isEqualTo("uninspected");
    assertThat(asked.path("receipt").path("reason").asText()).isEqualTo("otlp");
    assertThat(asked.path("provider").asText()).isEqualTo("openai");
    assertThat(asked.path("model").asText()).isEqualTo("gpt-4o");
    assertThat(asked.path("parent_span").asText())
        .isEqualTo(HexFormat.of().formatHex(span.getParentSpanId().toByteArray()));
    JsonNode answered = WireJson.mapper().readTree(record("completions", span));
    assertThat(answered.path("status").asInt()).isEqualTo(200);
    assertThat(answered.path("latency_ms").asDouble()).isEqualTo(1_500);
    assertThat(answered.path("usage").path("prompt_tokens").asInt()).isEqualTo(1_000);
    assertThat(answered.path("usage").path("completion_tokens").asInt()).isEqualTo(500);
    assertThat(answered.path("cost_usd").asDouble()).as("by the price table").isPositive();
    assertThat(answered.path("finish_reason").asText()).isEqualTo("length");
    HttpResponse<String> shown =
        plane.call(
            "GET", "/api/v1/exchanges/" + asked.path("decision_id").asText(), plane.admin(), null);
    assertThat(shown.statusCode()).isEqualTo(200);
    assertThat(asked + answered.toString() + shown.body()).doesNotContain("Winterbottom");
  }

  @Test
  void aSpanIsOneExchangeHoweverOftenAndInWhatCompanyItComes() throws Exception {
    Span span = call(CHAT).build();
    send(request("", span));
    send(request("", span));
    send(request("", call(CHAT).build(), span));
    assertThat(count(span)).isEqualTo("1");
    String other = plane.key("instance", TestControlPlane.FOREIGN);
    String mine = key;
    key = other;
    send(request("", span));
    key = mine;
    assertThat(count(span)).as("no tenant can take another's place").isEqualTo("2");
  }

  @Test
  void jsonAndGzipAreTakenAsWell() throws Exception {
    Span span = call(Map.of()).build();
    HexFormat hex = HexFormat.of();
    String json =
        """
        {"resourceSpans":[{"resource":{"attributes":[
          {"key":"service.name","value":{"stringValue":"js"}}]},"scopeSpans":[{"spans":[{
          "traceId":"%s","spanId":"%s","name":"chat","kind":3,
          "startTimeUnixNano":"%d","endTimeUnixNano":"%d",
          "links":[{"traceId":"xx","spanId":"yy"}],"somethingNew":1,
          "attributes":[
            {"key":"gen_ai.operation.name","value":{"stringValue":"chat"}},
            {"key":"gen_ai.system","value":{"stringValue":"anthropic"}},
            {"key":"gen_ai.request.model","value":{"stringValue":"claude-sonnet-4"}},
            {"key":"gen_ai.usage.input_tokens","value":{"intValue":"7"}}],
          "status":{"code":2}},
          {"traceId":"nohex","spanId":"1234","startTimeUnixNano":"1","endTimeUnixNano":"2",
          "attributes":[{"key":"gen_ai.operation.name","value":{"stringValue":"chat"}}]}]}]}]}
        """
            .formatted(
                hex.formatHex(span.getTraceId().toByteArray()),
                hex.formatHex(span.getSpanId().toByteArray()),
                span.getStartTimeUnixNano(),
                span.getEndTimeUnixNano());
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(packed)) {
      gzip.write(json.getBytes(java.nio.charset.StandardCharsets.UTF_8));
    }
    HttpResponse<byte[]> answer =
        post(
            packed.toByteArray(),
            key,
            "Content-Type",
            "application/json",
            "Content-Encoding",
            "gzip");
    assertThat(answer.statusCode()).isEqualTo(200);
    JsonNode said = WireJson.mapper().readTree(answer.body());
    assertThat(said.path("partialSuccess").path("rejectedSpans").asText()).isEqualTo("1");
    assertThat(said.path("partialSuccess").path("errorMessage").asText())
        .contains("trace_id: expected 16 bytes");
    JsonNode answered = WireJson.mapper().readTree(record("completions", span));
    assertThat(answered.path("status").asInt()).as("an error without a number").isEqualTo(500);
    assertThat(answered.path("usage").path("prompt_tokens").asInt()).isEqualTo(7);
  }

  @Test
  void whatCannotBeIsToldAndTheRestIsStored() throws Exception {
    Span good = call(CHAT).build();
    Span backwards = call(CHAT).setEndTimeUnixNano(1).build();
    Span negative =
        call(Map.of("gen_ai.operation.name", "chat", "gen_ai.usage.input_tokens", -1)).build();
    Span ahead =
        call(CHAT)
            .setStartTimeUnixNano((System.currentTimeMillis() + 172_800_000L) * 1_000_000L)
            .setEndTimeUnixNano((System.currentTimeMillis() + 172_800_001L) * 1_000_000L)
            .build();
    // Milliseconds where nanoseconds are expected: January 1970.
    Span old =
        call(CHAT)
            .setStartTimeUnixNano(System.currentTimeMillis())
            .setEndTimeUnixNano(System.currentTimeMillis() + 1)
            .build();
    ExportTraceServiceResponse answer = send(request("", backwards, negative, ahead, old, good));
    assertThat(answer.getPartialSuccess().getRejectedSpans()).isEqualTo(4);
    assertThat(answer.getPartialSuccess().getErrorMessage())
        .startsWith("span " + HexFormat.of().formatHex(backwards.getSpanId().toByteArray()))
        .contains("expected a time that is not after the end of the span");
    assertThat(count(good)).isEqualTo("1");
    assertThat(count(negative)).isEqualTo("0");
    Span foreign = call(CHAT).build();
    answer = send(request(TestControlPlane.FOREIGN, foreign));
    assertThat(answer.getPartialSuccess().getRejectedSpans()).isEqualTo(1);
    assertThat(answer.getPartialSuccess().getErrorMessage()).contains("a tenant of this key");
    assertThat(count(foreign)).isEqualTo("0");
  }

  /** Two bytes a span on the wire are fifty times that in memory. */
  @Test
  void aBodyThatWouldTakeTheMemoryIsRefusedBeforeItIsRead() throws Exception {
    byte[] longer = new byte[(4 << 20) + 1];
    assertThat(post(longer, key, "Content-Type", "application/x-protobuf").statusCode())
        .isEqualTo(413);
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(packed)) {
      gzip.write(longer);
    }
    assertThat(post(packed.toByteArray(), key, "Content-Encoding", "gzip").statusCode())
        .isEqualTo(413);
  }

  @Test
  void agentsToolsAndOtherSpansAreNoExchanges() throws Exception {
    Span agent =
        call(Map.of("gen_ai.operation.name", "invoke_agent", "gen_ai.request.model", "gpt-4o"))
            .build();
    Span database = call(Map.of("db.system", "postgresql")).build();
    Span older = call(Map.of("gen_ai.system", "openai", "gen_ai.request.model", "gpt-4o")).build();
    assertThat(send(request("", agent, database, older)).hasPartialSuccess()).isFalse();
    assertThat(count(agent)).isEqualTo("0");
    assertThat(count(database)).isEqualTo("0");
    assertThat(count(older)).as("from before operations had names").isEqualTo("1");
  }

  @Test
  void errorsKeepWhatTheProviderSaid() throws Exception {
    Span limited =
        call(Map.of("gen_ai.operation.name", "chat", "error.type", "429"))
            .setStatus(Status.newBuilder().setCode(Status.StatusCode.STATUS_CODE_ERROR))
            .build();
    send(request("", limited));
    JsonNode answered = WireJson.mapper().readTree(record("completions", limited));
    assertThat(answered.path("status").asInt()).isEqualTo(429);
    assertThat(answered.path("upstream_error").asText()).isEqualTo("rate_limited");
  }

  @Test
  void strangersAndReadersSendNothing() throws Exception {
    byte[] body = request("", call(CHAT).build()).toByteArray();
    String[] type = {"Content-Type", "application/x-protobuf"};
    assertThat(post(body, "", type).statusCode()).isEqualTo(401);
    assertThat(post(body, "not-a-key", type).statusCode()).isEqualTo(401);
    assertThat(post(body, plane.key("viewer", TestControlPlane.OWN), type).statusCode())
        .isEqualTo(403);
    HttpResponse<byte[]> broken = post(new byte[] {1, 2, 3}, key, type);
    assertThat(broken.statusCode()).isEqualTo(400);
    assertThat(new String(broken.body(), java.nio.charset.StandardCharsets.UTF_8))
        .as("google.rpc.Status")
        .contains("expected ExportTraceServiceRequest in protobuf");
    assertThat(
            post(
                    "[]".getBytes(java.nio.charset.StandardCharsets.UTF_8),
                    key,
                    "Content-Type",
                    "application/json")
                .statusCode())
        .isEqualTo(400);
    assertThat(post(body, key, "Content-Type", "text/plain").statusCode()).isEqualTo(415);
  }

  @Test
  void callsToTheGatewayAreNotCountedTwice() throws Exception {
    Span through =
        call(CHAT)
            .addAttributes(of("server.address", TestControlPlane.GATEWAY.toUpperCase(Locale.ROOT)))
            .build();
    Span past = call(CHAT).addAttributes(of("server.address", "api.openai.com")).build();
    assertThat(send(request("", through, past)).hasPartialSuccess()).isFalse();
    assertThat(count(through)).as("the gateway has told of it").isEqualTo("0");
    assertThat(count(past)).isEqualTo("1");
  }
}
