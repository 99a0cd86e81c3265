package io.llmtrace.plugin;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.llmtrace.policies.wire.CaptureMode;
import io.llmtrace.policies.wire.ContentPart;
import io.llmtrace.policies.wire.ContentRecord;
import io.llmtrace.policies.wire.ContentText;
import io.llmtrace.runtime.config.CaptureConfig;
import io.llmtrace.runtime.config.LlmtraceConfig;
import io.llmtrace.runtime.config.Secret;
import io.llmtrace.runtime.config.SpoolConfig;
import io.llmtrace.testkit.gateway.GatewayConfig;
import io.llmtrace.testkit.gateway.Options;
import io.llmtrace.testkit.gateway.TestGateway;
import io.llmtrace.testkit.provider.MockProvider;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** The whole plugin between a gateway, a provider that recites, and whoever takes content. */
@Timeout(60)
class CaptureOnTrafficTest {
  private static final String MARKER = "lighthouse-marker-7731";
  private static final String SECRET = "ghp_ODYxNTYyNDQyNzUxODc3NzMyNzQ0Njc2MDM4MDA1";
  private static final String MAIL = "carla.meyer@customer-mail.de";
  private static final String CHAT =
      """
      {"model":"recites-prompt","messages":[
      {"role":"system","content":"Say %s to %s with %s and never anything else."},
      {"role":"user","content":"Go."}]}
      """
          .formatted(MARKER, MAIL, SECRET);

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
  void bothHalvesComeRedactedAndNothingOfThemIsOnDiskOrInALog() throws Exception {
    Logger root = (Logger) LoggerFactory.getLogger("io.llmtrace");
    ListAppender<ILoggingEvent> log = new ListAppender<>();
    Level before = root.getLevel();
    root.setLevel(Level.TRACE);
    root.addAppender(log);
    log.start();
    // The spool stays full, so that there is something to look into.
    controlPlane.batchStatus = 503;
    try (PluginProcess<PluginHost> plugin = PluginProcess.start(config(false));
        TestGateway gateway = gateway(plugin)) {
      String id = send(gateway, "/redacted/");
      ContentRecord request = content(id, ContentPart.REQUEST);
      ContentRecord answer = content(id, ContentPart.ANSWER);

      for (ContentRecord each : List.of(request, answer)) {
        assertThat(text(each)).contains(MARKER).doesNotContain(MAIL, SECRET, "ODYxNTYy");
        assertThat(text(each)).contains("[EMAIL_1]", "[GITHUB_TOKEN_1]");
        assertThat(each.mode()).isEqualTo(CaptureMode.REDACTED);
        assertThat(each.tenant()).isEqualTo("default");
        assertThat(each.route()).isEqualTo("redacted");
        assertThat(each.leftOut()).isEmpty();
      }
      assertThat(request.texts())
          .extracting(ContentText::pointer)
          .containsExactly("/messages/0/content", "/messages/1/content");

      String disk = files(folder.resolve("data"));
      assertThat(disk).contains(id).doesNotContain(MARKER, MAIL, SECRET);
      String said =
          log.list.stream()
              .map(event -> event + " " + event.getKeyValuePairs())
              .collect(Collectors.joining("\n"));
      assertThat(said).isNotEmpty().doesNotContain(MARKER, MAIL, SECRET);
    } finally {
      root.detachAppender(log);
      root.setLevel(before);
    }
  }

  @Test
  void aRouteThatDoesNotAskSendsNothingAndFullNeedsTheNodesWord() throws Exception {
    try (PluginProcess<PluginHost> plugin = PluginProcess.start(config(false));
        TestGateway gateway = gateway(plugin)) {
      String plain = send(gateway, "/plain/");
      await(() -> controlPlane.completions.containsKey(plain));
      String full = send(gateway, "/full/");

      assertThat(content(full, ContentPart.REQUEST).mode()).isEqualTo(CaptureMode.REDACTED);
      assertThat(text(content(full, ContentPart.ANSWER))).doesNotContain(SECRET);
      assertThat(local(plugin, "/health"))
          .contains("capture: full needs plugin.capture.allow_full");
      assertThat(controlPlane.contents).extracting(ContentRecord::decisionId).doesNotContain(plain);
    }
  }

  @Test
  void fullIsFullWhereTheNodeAllowsIt() throws Exception {
    try (PluginProcess<PluginHost> plugin = PluginProcess.start(config(true));
        TestGateway gateway = gateway(plugin)) {
      String id = send(gateway, "/full/");

      assertThat(content(id, ContentPart.REQUEST).mode()).isEqualTo(CaptureMode.FULL);
      assertThat(text(content(id, ContentPart.REQUEST))).contains(MARKER, SECRET, MAIL);
      assertThat(text(content(id, ContentPart.ANSWER))).contains(MARKER, SECRET, MAIL);
    }
  }

  @Test
  void aBodyThatWasNotReadSaysSo() throws Exception {
    try (PluginProcess<PluginHost> plugin = PluginProcess.start(config(false));
        TestGateway gateway = gateway(plugin)) {
      String id = post(gateway, "/redacted/", "x".repeat((1 << 16) + 1));

      ContentRecord request = content(id, ContentPart.REQUEST);
      assertThat(request.texts()).isEmpty();
      assertThat(request.leftOut()).isEqualTo("too_large");
      assertThat(request.leftOutBytes()).isPositive();
    }
  }

  @Test
  void contentWaitsForAControlPlaneThatIsAwayAndIsDroppedForOneThatTakesNone() throws Exception {
    controlPlane.contentStatus = 503;
    try (PluginProcess<PluginHost> plugin = PluginProcess.start(config(false));
        TestGateway gateway = gateway(plugin)) {
      String id = send(gateway, "/redacted/");
      await(() -> local(plugin, "/health").contains("the control plane answered content with 503"));
      controlPlane.contentStatus = 200;
      assertThat(text(content(id, ContentPart.REQUEST))).contains(MARKER);

      controlPlane.contentStatus = 404;
      send(gateway, "/redacted/");
      await(
          () ->
              local(plugin, "/metrics")
                  .contains("llmtrace_plugin_content_dropped_total{reason=\"unsupported\"}"));
      assertThat(local(plugin, "/health")).contains("the control plane takes no content");
    }
  }

  private LlmtraceConfig config(boolean allowFull) {
    LlmtraceConfig base = LlmtraceConfig.defaults();
    return base.withPlugin(
        base.plugin().toBuilder()
            .node("captures")
            .socket(folder.resolve("r.sock"))
            .dataDirectory(folder.resolve("data"))
            .controlPlaneUrl(controlPlane.url())
            .apiKey(Secret.of("key"))
            .port(0)
            .tapSecret(Secret.of("tap-secret"))
            .budget(Duration.ofSeconds(5))
            .maxRequestBody(1 << 16)
            .spool(new SpoolConfig(1 << 24, 1 << 18, Duration.ofMillis(50)))
            .capture(new CaptureConfig(allowFull, 16L << 20))
            .build());
  }

  private TestGateway gateway(PluginProcess<PluginHost> plugin) {
    StringBuilder routes = new StringBuilder("routes:\n");
    for (List<String> each :
        List.of(
            List.of("plain", ""),
            List.of("redacted", ",\"capture\":\"redacted\""),
            List.of("full", ",\"capture\":{\"content\":\"full\"}"))) {
      routes.append(
          """
            - id: %s
              uri: /%s/*
              plugins:
                proxy-rewrite:
                  regex_uri: ["^/[a-z]+/(.*)", "/v1/chat/completions"]
                ext-plugin-post-req:
                  conf:
                    - {name: llmtrace, value: '{"budget_ms":5000,"dialect":"openai_chat"%s}'}
                http-logger:
                  uri: http://127.0.0.1:%d/tap
                  auth_header: Bearer tap-secret
                  include_resp_body: true
                  batch_max_size: 1
                  inactive_timeout: 1
              upstream:
                nodes:
                  "127.0.0.1:%d": 1
          """
              .formatted(
                  each.get(0), each.get(0), each.get(1), plugin.localPort(), provider.port()));
    }
    return TestGateway.start(
        GatewayConfig.parse(routes + "#END\n"), Options.of(folder.resolve("r.sock")));
  }

  private String send(TestGateway gateway, String path) throws Exception {
    return post(gateway, path, CHAT);
  }

  private String post(TestGateway gateway, String path, String body) throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + gateway.port() + path + "chat"))
            .header("content-type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build();
    HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
    String header = provider.lastHeaders().get("x-llmtrace-id");
    return header.substring(0, header.indexOf('.'));
  }

  private ContentRecord content(String id, ContentPart part) throws Exception {
    await(() -> find(id, part).isPresent());
    return find(id, part).orElseThrow();
  }

  private Optional<ContentRecord> find(String id, ContentPart part) {
    return controlPlane.contents.stream()
        .filter(each -> each.decisionId().equals(id) && each.part() == part)
        .findFirst();
  }

  private static String text(ContentRecord content) {
    return content.texts().stream().map(ContentText::text).collect(Collectors.joining("\n"));
  }

  private static String local(PluginProcess<?> plugin, String path) {
    try {
      return HttpClient.newHttpClient()
          .send(
              HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + plugin.localPort() + path))
                  .build(),
              HttpResponse.BodyHandlers.ofString())
          .body();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return "";
    }
  }

  private static String files(Path directory) throws IOException {
    List<String> contents = new ArrayList<>();
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        contents.add(new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1));
      }
    }
    return String.join("\n", contents);
  }

  private static void await(BooleanSupplier wanted) throws InterruptedException {
    for (int i = 0; i < 1_000 && !wanted.getAsBoolean(); i++) {
      Thread.sleep(20);
    }
    assertThat(wanted.getAsBoolean()).isTrue();
  }
}
