package io.llmtrace.controlplane;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmtrace.controlplane.storage.EmbeddedDatabase;
import io.llmtrace.policies.detect.Severity;
import io.llmtrace.policies.json.WireJson;
import io.llmtrace.runtime.config.AlertsConfig;
import io.llmtrace.runtime.config.ChannelConfig;
import io.llmtrace.runtime.config.LlmtraceConfig;
import io.llmtrace.runtime.config.OtlpIngestConfig;
import io.llmtrace.runtime.config.RateLimitConfig;
import io.llmtrace.runtime.config.Secret;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/** One control plane with its database for all tests that take it as a parameter. */
@SuppressWarnings("try")
public final class TestControlPlane implements AutoCloseable {
  /** Gives it to tests; it is closed after the last of the module. */
  public static final class Extension implements ParameterResolver {
    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
      return parameter.getParameter().getType() == TestControlPlane.class;
    }

    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
      return context
          .getRoot()
          .getStore(ExtensionContext.Namespace.GLOBAL)
          .getOrComputeIfAbsent(Held.class, key -> new Held(), Held.class)
          .plane;
    }
  }

  private static final class Held implements AutoCloseable {
    private final TestControlPlane plane;

    Held() {
      try {
        plane = new TestControlPlane();
      } catch (Exception e) {
        throw new IllegalStateException("the control plane of the tests does not start", e);
      }
    }

    @Override
    public void close() throws Exception {
      plane.close();
    }
  }

  /** Tenants of the tests; no text of the second one may ever reach who is of the first. */
  public static final String OWN = "acme";

  public static final String FOREIGN = "zebra-ltd";

  /** The host under which applications reach the gateway. */
  public static final String GATEWAY = "gateway.example";

  /** A channel that no incident is for, and that leads to where nothing may be sent. */
  public static final String CHANNEL = "nobody";

  private final AtomicReference<Connection> database = new AtomicReference<>();
  private final HttpClient client = HttpClient.newHttpClient();
  private final Path directory;
  private final ControlPlane service;
  private final String admin;

  private TestControlPlane() throws Exception {
    directory = Files.createTempDirectory("control-plane-test");
    // Thousands of commits; whether they outlive a power cut is not what these tests ask.
    try (EmbeddedDatabase first = EmbeddedDatabase.start(directory.resolve("postgres"));
        Connection connection = DriverManager.getConnection(first.url());
        Statement sql = connection.createStatement()) {
      sql.execute("ALTER DATABASE postgres SET synchronous_commit = off");
    }
    service = ControlPlane.start(config());
    await("/readyz");
    admin = Files.readString(directory.resolve("initial-admin.key"));
    for (String tenant : List.of(OWN, FOREIGN)) {
      assertThat(call("POST", "/api/v1/tenants", admin, "{\"id\":\"" + tenant + "\"}").statusCode())
          .isEqualTo(201);
    }
  }

  private LlmtraceConfig config() {
    LlmtraceConfig defaults =
        LlmtraceConfig.defaults()
            .withAlerts(
                AlertsConfig.to(
                    List.of(
                        new ChannelConfig.Webhook(
                            new ChannelConfig.Common(
                                CHANNEL,
                                Severity.CRITICAL,
                                0,
                                Map.of("rule", Set.of("none")),
                                20,
                                true),
                            Secret.of("https://127.0.0.1:9/hook-of-nobody"),
                            null,
                            null))));
    return defaults.withControlPlane(
        defaults
            .controlPlane()
            .withPorts(0, 0)
            .withOtlpIngest(new OtlpIngestConfig(true, Set.of(GATEWAY), OtlpIngestConfig.RATE))
            .withDataDirectory(directory)
            // Tests send with one key what many would send.
            .withRateLimit(new RateLimitConfig(100_000, 100_000)));
  }

  private void await(String path) throws Exception {
    for (int i = 0; i < 1_200 && call("GET", path, "", null).statusCode() != 200; i++) {
      Thread.sleep(100);
    }
    assertThat(call("GET", path, "", null).statusCode()).isEqualTo(200);
  }

  public ControlPlane service() {
    return service;
  }

  /** The first admin key: everything, for all tenants. */
  public String admin() {
    return admin;
  }

  public Path directory() {
    return directory;
  }

  /** Its database, as superuser. */
  public String url() throws IOException {
    return EmbeddedDatabase.addressOf(directory.resolve("postgres"));
  }

  public void sql(String statement) throws Exception {
    synchronized (database) {
      try (Statement run = connected().createStatement()) {
        run.execute(statement);
      }
    }
  }

  /** The first value of the first row, empty where there is none. */
  public String query(String sql) throws Exception {
    synchronized (database) {
      try (Statement run = connected().createStatement();
          var rows = run.executeQuery(sql)) {
        return rows.next() ? String.valueOf(rows.getString(1)) : "";
      }
    }
  }

  /** One connection for all: to open one takes longer than most statements. */
  private Connection connected() throws Exception {
    Connection known = database.get();
    if (known == null || !known.isValid(5)) {
      known = DriverManager.getConnection(url());
      database.set(known);
    }
    return known;
  }

  /** A new key; {@code tenants} and {@code scopes} as JSON lists. */
  public JsonNode newKey(String role, String tenants, String scopes) throws Exception {
    HttpResponse<String> made =
        call(
            "POST",
            "/api/v1/keys",
            admin,
            "{\"name\":\"of a test\",\"role\":\"%s\",\"tenants\":%s,\"scopes\":%s}"
                .formatted(role, tenants, scopes));
    assertThat(made.statusCode()).as(made.body()).isEqualTo(201);
    return json(made);
  }

  /** The text of a new key without scopes. */
  public String key(String role, String... tenants) throws Exception {
    return newKey(role, WireJson.mapper().writeValueAsString(tenants), "[]").get("key").asText();
  }

  public static JsonNode json(HttpResponse<String> answer) throws IOException {
    return WireJson.mapper().readTree(answer.body());
  }

  /**
   * Sends a request.
   *
   * @param key empty sends none
   * @param headers names and values in turn
   */
  public HttpResponse<String> call(
      String verb, String path, String key, String body, String... headers) throws Exception {
    return call(service, verb, path, key, body, headers);
  }

  public HttpResponse<String> call(
      ControlPlane to, String verb, String path, String key, String body, String... headers)
      throws Exception {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + to.port() + path))
            .method(
                verb,
                body == null
                    ? HttpRequest.BodyPublishers.noBody()
                    : HttpRequest.BodyPublishers.ofString(body));
    if (body != null) {
      request.header("Content-Type", "application/json");
    }
    if (!key.isEmpty()) {
      request.header("Authorization", "Bearer " + key);
    }
    if (headers.length > 0) {
      request.headers(headers);
    }
    return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
  }

  @Override
  public void close() throws Exception {
    Connection known = database.get();
    if (known != null) {
      known.close();
    }
    service.close();
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
