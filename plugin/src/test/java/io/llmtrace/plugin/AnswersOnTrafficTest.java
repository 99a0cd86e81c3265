package io.llmtrace.plugin;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmtrace.policies.detect.Coverage;
import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.wire.CompletionRecord;
import io.llmtrace.runtime.config.AnswersConfig;
import io.llmtrace.runtime.config.ConfigFile;
import io.llmtrace.runtime.config.LlmtraceConfig;
import io.llmtrace.runtime.config.Secret;
import io.llmtrace.runtime.config.SpoolConfig;
import io.llmtrace.testkit.faults.FaultProxy;
import io.llmtrace.testkit.faults.Weather;
import io.llmtrace.testkit.gateway.GatewayConfig;
import io.llmtrace.testkit.gateway.Options;
import io.llmtrace.testkit.gateway.TestGateway;
import io.llmtrace.testkit.provider.MockProvider;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The whole plugin between a gateway, a provider that answers badly, and whoever takes batches. */
@Timeout(120)
class AnswersOnTrafficTest {
  private static final String CHAT =
      """
      {"model":"%s","stream":%s,"messages":[
      {"role":"system","content":"You are Otto, the assistant of a lighthouse museum. Never tell anybody that the \
      lamp room is closed on Mondays. Always offer the guided tour first and never mention the internal discount \
      code of the staff. If a visitor complains, answer politely and briefly."},
      {"role":"user","content":"Our group of eleven arrives on Thursday at noon, what should we see first?"}]}
      """;

  @TempDir private Path folder;
  private BatchCollector controlPlane;
  private MockProvider provider;

  @BeforeEach
  void start() throws IOException {
    controlPlane = new BatchCollector();
    provider = MockProvider.start();
  }

  @AfterEach
  void stop() {
    controlPlane.close();
    provider.close();
  }

  @Test
  void whatABadAnswerShowsComesWithItsCompletionWholeOrStreamed() throws Exception {
    try (PluginProcess<PluginHost> plugin = PluginProcess.start(config(true));
        TestGateway gateway = gateway(plugin)) {
      for (boolean stream : new boolean[] {false, true}) {
        CompletionRecord leaked = completed(send(gateway, "recites-prompt", stream));
        assertThat(leaked.findings())
            .extracting(Finding::type)
            .containsExactly(FindingType.SYSTEM_PROMPT_LEAK);
        assertThat(leaked.receipt().coverage()).isEqualTo(Coverage.INSPECTED);
        assertThat(controlPlane.inspections.get(leaked.decisionId()).findings()).isEmpty();

        CompletionRecord beacon = completed(send(gateway, "image-beacon", stream));
        assertThat(beacon.findings())
            .extracting(Finding::type, Finding::rule)
            .contains(
                org.assertj.core.groups.Tuple.tuple(
                    FindingType.DATA_EXFILTRATION, "encoded-conversation"));

        CompletionRecord good = completed(send(gateway, "any-model", stream));
        assertThat(good.findings()).isEmpty();
        assertThat(good.receipt().reason()).isEmpty();
      }
      CompletionRecord broken = completed(send(gateway, "broken-json", false));
      assertThat(broken.receipt().reason()).isEqualTo("truncated");
      CompletionRecord torn = completed(send(gateway, "broken-stream", true));
      assertThat(torn.receipt().reason()).isEqualTo("truncated");
    }
  }

  @Test
  void aPluginThatWasStartedAgainReadsAnswersWithoutTheirQuestions() throws Exception {
    PluginProcess<PluginHost> first = PluginProcess.start(config(true));
    int port = first.localPort();
    // The gateway tries its log again until somebody takes it; the first plugin never hears of it.
    try (FaultProxy tap = FaultProxy.before(port);
        TestGateway gateway = gateway(tap.port())) {
      tap.set(new Weather.Refuse());
      String id = send(gateway, "image-beacon", false);
      first.close();
      try (PluginProcess<PluginHost> second = PluginProcess.start(config(true, port))) {
        assertThat(second.localPort()).isEqualTo(port);
        tap.set(Weather.pass());
        CompletionRecord completion = completed(id);
        assertThat(completion.receipt().coverage()).isEqualTo(Coverage.INSPECTED);
        // That it is the user's own words is not known any more, that it is text is.
        assertThat(completion.findings()).extracting(Finding::rule).containsExactly("encoded-text");
      }
    }
  }

  /** The provider tells the system prompt; the tiny cross-encoder wants its words in a document. */
  @Test
  void anAnswerIsHeldAgainstTheDocumentsOfItsQuestion() throws Exception {
    String chat =
        """
        {"model":"recites-prompt","messages":[
        {"role":"system","content":"The dragon of the harbour is warm."},
        {"role":"user","content":"Who is warm?"},
        {"role":"assistant","content":null,"tool_calls":[{"id":"c","type":"function",
        "function":{"name":"look","arguments":"{}"}}]},
        {"role":"tool","tool_call_id":"c","content":"The %s of the harbour is warm."}]}
        """;
    try (PluginProcess<PluginHost> plugin = PluginProcess.start(grounded(config(true)));
        TestGateway gateway = gateway(plugin)) {
      awaitModels(plugin);
      assertThat(completed(sendBody(gateway, chat.formatted("ship"))).findings())
          .filteredOn(finding -> finding.type() == FindingType.UNGROUNDED_ANSWER)
          .extracting(Finding::detector, Finding::rule)
          .containsExactly(org.assertj.core.groups.Tuple.tuple("pairs", "NOT_ENTAILED"));
      CompletionRecord supported = completed(sendBody(gateway, chat.formatted("dragon")));
      assertThat(supported.findings())
          .noneMatch(finding -> finding.type() == FindingType.UNGROUNDED_ANSWER);
      assertThat(supported.receipt().coverage()).isEqualTo(Coverage.INSPECTED);
      assertThat(supported.receipt().missingStages()).isEmpty();
      CompletionRecord plain = completed(send(gateway, "any-model", false));
      assertThat(plain.findings()).isEmpty();
      assertThat(plain.receipt().missingStages()).isEmpty();
    }
  }

  private LlmtraceConfig grounded(LlmtraceConfig base) throws Exception {
    String tiny = "../policies/src/test/resources/models/tiny-pairs/";
    Path file =
        Files.writeString(
            folder.resolve("llmtrace.yaml"),
            """
            detection: {built_in_model: false}
            models:
              - id: pairs
                kind: cross_encoder
                path: %smodel.onnx
                tokenizer: %stokenizer.json
                labels: {ENTAILED: benign, NOT_ENTAILED: ungrounded_answer}
                max_tokens: 64
            """
                .formatted(tiny, tiny));
    LlmtraceConfig models = ConfigFile.load(file, Map.of());
    return base.withDetection(models.detection(), models.models());
  }

  private static void awaitModels(PluginProcess<?> plugin) throws Exception {
    HttpRequest health =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + plugin.localPort() + "/health"))
            .build();
    String said = "";
    for (int i = 0; i < 1_500 && !said.contains("\"pairs\":\"loaded\""); i++) {
      Thread.sleep(20);
      said = HttpClient.newHttpClient().send(health, HttpResponse.BodyHandlers.ofString()).body();
    }
    assertThat(said).contains("\"pairs\":\"loaded\"");
  }

  @Test
  void switchedOffItSaysSo() throws Exception {
    try (PluginProcess<PluginHost> plugin = PluginProcess.start(config(false));
        TestGateway gateway = gateway(plugin)) {
      CompletionRecord completion = completed(send(gateway, "recites-prompt", false));
      assertThat(completion.findings()).isEmpty();
      assertThat(completion.receipt().reason()).isEqualTo("off");
    }
  }

  private LlmtraceConfig config(boolean inspect) {
    return config(inspect, 0);
  }

  private LlmtraceConfig config(boolean inspect, int port) {
    LlmtraceConfig base = LlmtraceConfig.defaults();
    return base.withPlugin(
        base.plugin().toBuilder()
            .node("answers")
            .socket(folder.resolve("r.sock"))
            .dataDirectory(folder.resolve("data"))
            .controlPlaneUrl(controlPlane.url())
            .apiKey(Secret.of("key"))
            .port(port)
            .tapSecret(Secret.of("tap-secret"))
            .budget(Duration.ofSeconds(5))
            .spool(new SpoolConfig(1 << 24, 1 << 18, Duration.ofMillis(50)))
            .answers(new AnswersConfig(inspect, Duration.ofSeconds(5), Set.of(), null))
            .build());
  }

  private TestGateway gateway(PluginProcess<PluginHost> plugin) {
    return gateway(plugin.localPort());
  }

  private TestGateway gateway(int tapPort) {
    return TestGateway.start(
        GatewayConfig.parse(
            """
            routes:
              - id: chat
                uri: /v1/*
                plugins:
                  ext-plugin-post-req:
                    conf:
                      - {name: llmtrace, value: '{"budget_ms":5000}'}
                  http-logger:
                    uri: http://127.0.0.1:%d/tap
                    auth_header: Bearer tap-secret
                    include_resp_body: true
                    batch_max_size: 1
                    max_retry_count: 60
                    retry_delay: 1
                upstream:
                  nodes:
                    "127.0.0.1:%d": 1
            #END
            """
                .formatted(tapPort, provider.port())),
        Options.of(folder.resolve("r.sock")));
  }

  /** Sends a chat; returns the decision id that reached the provider. */
  private String send(TestGateway gateway, String model, boolean stream) throws Exception {
    try {
      return sendBody(gateway, CHAT.formatted(model, stream));
    } catch (IOException e) {
      assertThat(model).as("only a broken stream breaks off: %s", e).isEqualTo("broken-stream");
      return decisionId();
    }
  }

  private String sendBody(TestGateway gateway, String body) throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(
                URI.create("http://127.0.0.1:" + gateway.port() + "/v1/chat/completions"))
            .header("content-type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build();
    HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
    return decisionId();
  }

  private String decisionId() {
    String header = provider.lastHeaders().get("x-llmtrace-id");
    return header.substring(0, header.indexOf('.'));
  }

  private CompletionRecord completed(String id) throws InterruptedException {
    for (int i = 0;
        i < 1_500
            && !(controlPlane.completions.containsKey(id)
                && controlPlane.inspections.containsKey(id));
        i++) {
      Thread.sleep(20);
    }
    assertThat(controlPlane.completions).containsKey(id);
    return controlPlane.completions.get(id);
  }
}
