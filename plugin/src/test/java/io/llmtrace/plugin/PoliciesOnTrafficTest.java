package io.llmtrace.plugin;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.llmtrace.plugin.policies.BundleKeys;
import io.llmtrace.policies.bundle.Bundle;
import io.llmtrace.policies.bundle.SignedBundle;
import io.llmtrace.policies.detect.Coverage;
import io.llmtrace.policies.language.PolicyReader;
import io.llmtrace.policies.policy.Action;
import io.llmtrace.policies.policy.Decision;
import io.llmtrace.policies.wire.InspectionRecord;
import io.llmtrace.policies.wire.ShadowDecision;
import io.llmtrace.runtime.config.LlmtraceConfig;
import io.llmtrace.runtime.config.PoliciesConfig;
import io.llmtrace.runtime.config.Secret;
import io.llmtrace.runtime.config.SpoolConfig;
import io.llmtrace.testkit.gateway.GatewayConfig;
import io.llmtrace.testkit.gateway.Options;
import io.llmtrace.testkit.gateway.TestGateway;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Policies as a control plane gives them, in front of traffic. */
@Timeout(120)
class PoliciesOnTrafficTest {
  private static final String BLOCKS =
      """
      metadata: {name: %s}
      mode: enforce
      rules:
        - {name: no-o3, match: {models: [o3]}, action: block, message: "Ask the desk for o3."}
      """;

  @TempDir private Path folder;
  private final BundleKeys keys = BundleKeys.fresh();
  private final HttpClient client = HttpClient.newHttpClient();
  private BatchCollector controlPlane;
  private HttpServer provider;
  private PluginProcess<PluginHost> plugin;
  private volatile String asked = "";

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

  private LlmtraceConfig config() throws IOException {
    LlmtraceConfig base = LlmtraceConfig.defaults();
    return base.withPlugin(
        base.plugin().toBuilder()
            .node("policies")
            .socket(folder.resolve("r.sock"))
            .dataDirectory(folder.resolve("data"))
            .controlPlaneUrl(controlPlane.url())
            .apiKey(Secret.of("key"))
            .port(0)
            .tapSecret(Secret.of("tap-secret"))
            .budget(Duration.ofSeconds(20))
            .spool(new SpoolConfig(1 << 24, 1 << 18, Duration.ofMillis(50)))
            .policies(
                new PoliciesConfig(
                    List.of(keys.write(folder.resolve("signing.pub"))), Map.of("env", "test")))
            .build());
  }

  private static Bundle.Entry entry(Bundle.Role role, boolean standard, String yaml)
      throws Exception {
    var policy = PolicyReader.read("apiVersion: llmtrace.io/v1\nkind: Policy\n" + yaml);
    return new Bundle.Entry(null, policy.name(), 3, role, standard, policy);
  }

  private void give(long revision, Bundle.Entry... entries) {
    give(revision, keys, entries);
  }

  private void give(long revision, BundleKeys signer, Bundle.Entry... entries) {
    Bundle.Content content = new Bundle.Content(Arrays.asList(entries));
    long now = System.currentTimeMillis();
    byte[] sealed =
        SignedBundle.seal(
            new Bundle(
                revision, "policies", now, now + 1_000_000, List.of(keys.publicKey()), content),
            signer);
    controlPlane.bundle =
        new BatchCollector.Given(sealed, revision + "-" + SignedBundle.digest(content));
  }

  @Test
  void aPolicyIsEnforcedInTheCallersDialectAndRecordsNameItsRevision() throws Exception {
    try (TestGateway gateway = gateway("{\"mode\":\"enforce\",\"policy\":\"models\"}")) {
      assertThat(ask(gateway, "o3", "hello").statusCode()).isEqualTo(200);
      assertThat(inspected().decision().revision()).isZero();

      give(11, entry(Bundle.Role.ACTIVE, false, BLOCKS.formatted("models")));
      awaitRevision(11);

      HttpResponse<String> blocked = ask(gateway, "o3", "hello");
      assertThat(blocked.statusCode()).isEqualTo(400);
      assertThat(blocked.body()).contains("Ask the desk for o3. (decision ");
      InspectionRecord record = inspected();
      assertThat(record.decision())
          .isEqualTo(
              new Decision(
                  Action.BLOCK,
                  Action.BLOCK,
                  io.llmtrace.policies.policy.Mode.ENFORCE,
                  "models",
                  "models/no-o3",
                  11,
                  "policy"));
      assertThat(ask(gateway, "gpt-4o", "hello").statusCode()).isEqualTo(200);
      assertThat(inspected().decision().revision()).isEqualTo(11);
    }
  }

  @Test
  void patternsOfAPolicyAreRedactedAndRefusedOnesSayWhy() throws Exception {
    give(
        11,
        entry(
            Bundle.Role.ACTIVE,
            true,
            """
            metadata: {name: standard}
            mode: enforce
            on_uninspectable: block
            messages: {uninspectable: "Send JSON."}
            patterns: [{name: aurora, pattern: '(?i)project aurora', severity: high}]
            rules: [{name: hide, findings: {rules: [aurora]}, action: redact}]
            """));
    awaitRevision(11);
    try (TestGateway gateway = gateway("{\"mode\":\"enforce\"}")) {
      assertThat(ask(gateway, "gpt-4o", "tell of Project Aurora").statusCode()).isEqualTo(200);
      assertThat(asked).contains("tell of [CUSTOM_PATTERN_1]");
      assertThat(inspected().decision().rule()).isEqualTo("standard/hide");
      HttpResponse<String> unread = post(gateway, "{}", "content-encoding", "zstd");
      assertThat(unread.statusCode()).isEqualTo(403);
      assertThat(unread.body()).contains("Send JSON. (decision ");
      assertThat(inspected().receipt().coverage()).isEqualTo(Coverage.UNINSPECTED);
    }
  }

  @Test
  void aLimitOfAPolicyAnswers429() throws Exception {
    give(
        11,
        entry(
            Bundle.Role.ACTIVE,
            true,
            """
            metadata: {name: standard}
            mode: enforce
            rules: [{name: slow, action: limit, limit: {requests_per_minute: 2}, message: "Slower, please."}]
            """));
    awaitRevision(11);
    try (TestGateway gateway = gateway("{\"mode\":\"enforce\"}")) {
      assertThat(ask(gateway, "gpt-4o", "1").statusCode()).isEqualTo(200);
      assertThat(ask(gateway, "gpt-4o", "2").statusCode()).isEqualTo(200);
      HttpResponse<String> limited = ask(gateway, "gpt-4o", "3");
      assertThat(limited.statusCode()).isEqualTo(429);
      assertThat(limited.body()).contains("Slower, please.");
      assertThat(limited.headers().firstValue("retry-after")).isPresent();
      // What is in force counts on when it is given again.
      give(12, entry(Bundle.Role.ACTIVE, true, rated(2)));
      awaitRevision(12);
      assertThat(ask(gateway, "gpt-4o", "4").statusCode()).isEqualTo(429);
      give(13, entry(Bundle.Role.ACTIVE, true, rated(600)));
      awaitRevision(13);
      await("the new rate", () -> ask(gateway, "gpt-4o", "5").statusCode() == 200);
    }
  }

  @Test
  void aBudgetOfAPolicyIsSpentByWhatItsExchangesCostAndOutlivesARestart() throws Exception {
    give(11, entry(Bundle.Role.ACTIVE, true, budgeted("day: 2")));
    awaitRevision(11);
    try (TestGateway gateway = gateway("{\"mode\":\"enforce\"}")) {
      // A million tokens of gpt-4o are 2.50 dollars.
      assertThat(ask(gateway, "gpt-4o", "1").statusCode()).isEqualTo(200);
      await("told", () -> !controlPlane.completions.isEmpty());
      await("spent", () -> ask(gateway, "gpt-4o", "2").statusCode() == 429);
      HttpResponse<String> refused = ask(gateway, "gpt-4o", "3");
      assertThat(refused.body()).contains("Nothing is left.");
      await(
          "recorded",
          () ->
              controlPlane.inspections.values().stream()
                  .anyMatch(
                      record ->
                          record.decision().rule().equals("standard/all")
                              && record.decision().policy().equals("standard")
                              && "budget".equals(record.decision().category())));
      // More is allowed: what was spent still counts.
      give(12, entry(Bundle.Role.ACTIVE, true, budgeted("day: 1000")));
      awaitRevision(12);
      assertThat(ask(gateway, "gpt-4o", "4").statusCode()).isEqualTo(200);
      give(13, entry(Bundle.Role.ACTIVE, true, budgeted("day: 2")));
      awaitRevision(13);
      assertThat(ask(gateway, "gpt-4o", "5").statusCode()).isEqualTo(429);
    }
    plugin.close();
    plugin = PluginProcess.start(config());
    try (TestGateway gateway = gateway("{\"mode\":\"enforce\"}")) {
      assertThat(ask(gateway, "gpt-4o", "6").statusCode()).as("after a restart").isEqualTo(429);
    }
  }

  private static String budgeted(String usd) {
    return "metadata: {name: standard}\nmode: enforce\nmessages: {limit: 'Nothing is left.'}\n"
        + "budgets: [{name: all, usd: {"
        + usd
        + "}, action: limit}]";
  }

  private static String rated(int perMinute) {
    return "metadata: {name: standard}\nmode: enforce\nrules: [{name: slow, action: limit, limit:"
        + " {requests_per_minute: "
        + perMinute
        + "}}]";
  }

  @Test
  void aCandidateIsRecordedAndNeverEnforced() throws Exception {
    give(
        11,
        entry(Bundle.Role.ACTIVE, true, "metadata: {name: standard}\nmode: enforce"),
        entry(Bundle.Role.SHADOW, true, BLOCKS.formatted("standard")));
    awaitRevision(11);
    try (TestGateway gateway = gateway("{\"mode\":\"enforce\"}")) {
      assertThat(ask(gateway, "o3", "hello").statusCode()).isEqualTo(200);
      assertThat(inspected().shadow())
          .isEqualTo(new ShadowDecision("standard", 3, Action.BLOCK, "standard/no-o3"));
      ask(gateway, "gpt-4o", "hello");
      assertThat(inspected().shadow())
          .isEqualTo(new ShadowDecision("standard", 3, Action.ALLOW, "default/allow"));
    }
  }

  @Test
  void withTheControlPlaneDownARestartEnforcesTheLastGoodBundle() throws Exception {
    give(11, entry(Bundle.Role.ACTIVE, true, BLOCKS.formatted("standard")));
    awaitRevision(11);
    plugin.close();
    controlPlane.close();

    plugin = PluginProcess.start(config());

    assertThat(revision()).isEqualTo(11);
    try (TestGateway gateway = gateway("{\"mode\":\"enforce\"}")) {
      assertThat(ask(gateway, "o3", "hello").statusCode()).isEqualTo(400);
    }
  }

  @Test
  void whatIsSignedByAnotherKeyIsRefusedToldAndTheOldOneGoesOn() throws Exception {
    give(11, entry(Bundle.Role.ACTIVE, true, BLOCKS.formatted("standard")));
    awaitRevision(11);
    give(
        12,
        BundleKeys.fresh(),
        entry(Bundle.Role.ACTIVE, true, "metadata: {name: standard}\ndefaults: off"));
    await("told", () -> controlPlane.refused.contains("refused=signature"));
    assertThat(revision()).isEqualTo(11);
    assertThat(get("/health")).contains("a bundle was refused (signature)");
    assertThat(get("/metrics")).contains("llmtrace_plugin_policy_refused 1.0");
    give(13, entry(Bundle.Role.ACTIVE, true, BLOCKS.formatted("standard")));
    awaitRevision(13);
    assertThat(get("/metrics")).contains("llmtrace_plugin_policy_refused 0.0");
  }

  @Test
  void swapsUnderLoadFailNoRequestAndEachRecordNamesTheRevisionThatDecided() throws Exception {
    // Odd revisions block o3, even ones do not: a record that named another would show.
    String allows = "metadata: {name: standard}\nmode: enforce";
    give(101, entry(Bundle.Role.ACTIVE, true, BLOCKS.formatted("standard")));
    awaitRevision(101);
    List<Integer> statuses = new CopyOnWriteArrayList<>();
    AtomicBoolean swapped = new AtomicBoolean();
    try (TestGateway gateway = gateway("{\"mode\":\"enforce\"}")) {
      CompletableFuture<Void> load =
          CompletableFuture.runAsync(
              () -> {
                try {
                  while (!swapped.get() || statuses.size() < 200) {
                    statuses.add(ask(gateway, "o3", "n " + statuses.size()).statusCode());
                  }
                } catch (Exception e) {
                  throw new IllegalStateException(e);
                }
              });
      for (int i = 1; i <= 20; i++) {
        long revision = 101L + i;
        give(
            revision,
            entry(
                Bundle.Role.ACTIVE,
                true,
                revision % 2 == 1 ? BLOCKS.formatted("standard") : allows));
        awaitRevision(revision);
        int before = statuses.size();
        await("a decision by " + revision, () -> load.isDone() || statuses.size() > before + 1);
      }
      swapped.set(true);
      load.join();
    }
    assertThat(statuses).hasSizeGreaterThanOrEqualTo(200).containsOnly(200, 400);
    await("stored", () -> controlPlane.inspections.size() == statuses.size());
    assertThat(controlPlane.inspections.values())
        .allSatisfy(
            record ->
                assertThat(record.decision().action())
                    .as("revision %d", record.decision().revision())
                    .isEqualTo(
                        record.decision().revision() % 2 == 1 ? Action.BLOCK : Action.ALLOW));
    assertThat(
            controlPlane.inspections.values().stream()
                .map(record -> record.decision().revision())
                .distinct())
        .as("each decided while it was in force")
        .hasSizeGreaterThanOrEqualTo(20);
  }

  @Test
  void aRouteThatNamesAPolicyThatIsNotThereIsTold() throws Exception {
    give(11, entry(Bundle.Role.ACTIVE, true, BLOCKS.formatted("standard")));
    awaitRevision(11);
    try (TestGateway gateway = gateway("{\"mode\":\"enforce\",\"policy\":\"modles\"}")) {
      assertThat(ask(gateway, "o3", "hello").statusCode()).as("the standard").isEqualTo(400);
      assertThat(get("/health")).contains("policy: modles is not among those of bundle 11");
    }
  }

  private long revision() throws Exception {
    return get("/metrics")
        .lines()
        .filter(line -> line.startsWith("llmtrace_plugin_policy_revision "))
        .map(line -> Math.round(Double.parseDouble(line.substring(line.indexOf(' ')))))
        .findFirst()
        .orElseThrow();
  }

  private void awaitRevision(long revision) throws Exception {
    await("revision " + revision, () -> revision() == revision);
  }

  private static void await(String what, Callable<Boolean> condition) throws Exception {
    long end = System.nanoTime() + Duration.ofSeconds(60).toNanos();
    while (!condition.call()) {
      assertThat(System.nanoTime()).as(what).isLessThan(end);
      Thread.sleep(20);
    }
  }

  private String get(String path) throws Exception {
    return client
        .send(
            HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + plugin.localPort() + path))
                .build(),
            HttpResponse.BodyHandlers.ofString())
        .body();
  }

  private HttpResponse<String> ask(TestGateway gateway, String model, String text)
      throws Exception {
    return post(
        gateway,
        "{\"model\":\"%s\",\"messages\":[{\"role\":\"user\",\"content\":\"%s\"}]}"
            .formatted(model, text));
  }

  private HttpResponse<String> post(TestGateway gateway, String body, String... headers)
      throws Exception {
    String[] all = Arrays.copyOf(headers, headers.length + 2);
    all[headers.length] = "content-type";
    all[headers.length + 1] = "application/json";
    return client.send(
        HttpRequest.newBuilder(
                URI.create("http://127.0.0.1:" + gateway.port() + "/v1/chat/completions"))
            .headers(all)
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build(),
        HttpResponse.BodyHandlers.ofString());
  }

  /** The one exchange that was inspected since the last call. */
  private InspectionRecord inspected() throws Exception {
    await("a record", () -> !controlPlane.inspections.isEmpty());
    assertThat(controlPlane.inspections).hasSize(1);
    InspectionRecord record = controlPlane.inspections.values().iterator().next();
    controlPlane.inspections.clear();
    return record;
  }

  private void provide(HttpExchange exchange) throws IOException {
    try (exchange) {
      asked = new String(exchange.getRequestBody().readAllBytes(), UTF_8);
      byte[] answer =
          ("{\"choices\":[{\"message\":{\"role\":\"assistant\",\"content\":\"Fine.\"}}],"
                  + "\"usage\":{\"prompt_tokens\":1000000,\"completion_tokens\":1}}")
              .getBytes(UTF_8);
      exchange.getResponseHeaders().set("content-type", "application/json");
      exchange.sendResponseHeaders(200, answer.length);
      exchange.getResponseBody().write(answer);
    }
  }

  private TestGateway gateway(String conf) {
    return TestGateway.start(
        GatewayConfig.parse(
            """
            routes:
              - id: chat
                uri: /v1/*
                plugins: {ext-plugin-post-req: {conf: [{name: llmtrace, value: '%s'}]},
                  http-logger: {uri: "http://127.0.0.1:%d/tap", auth_header: Bearer tap-secret,
                    include_resp_body: true, batch_max_size: 1, inactive_timeout: 1,
                    max_retry_count: 60, retry_delay: 1}}
                upstream:
                  nodes:
                    "127.0.0.1:%d": 1
            #END
            """
                .formatted(conf, plugin.localPort(), provider.getAddress().getPort())),
        Options.of(folder.resolve("r.sock")));
  }
}
