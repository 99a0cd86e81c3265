package io.llmtrace.cli.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmtrace.runtime.config.ConfigException;
import io.llmtrace.runtime.config.ConfigFile;
import io.llmtrace.runtime.config.ConfigProblem;
import io.llmtrace.runtime.config.LlmtraceConfig;
import io.llmtrace.runtime.config.Secret;
import io.llmtrace.runtime.files.PrivateFiles;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;

/**
 * An installation without a fault, of real files, a real socket with the plugin's own server behind
 * it, and services that answer as the real ones do. A test breaks one thing and says what is told.
 */
final class Place implements AutoCloseable {
  /** For who hangs; the others are to answer within it on a busy machine too. */
  static final Duration SHORT = Duration.ofSeconds(2);

  static final String KEY = "llmtrace_instance_key";
  static final String ADMIN_KEY = "gateway-admin-key";
  static final String TAP_SECRET = "0123456789abcdef";

  final Path directory;
  final FakePeer controlPlane = FakePeer.start();
  final FakePeer plugin = FakePeer.start();
  final FakePeer admin = FakePeer.start();
  final FakePeer gateway = FakePeer.start();
  final Map<String, String> pluginKeys = new TreeMap<>();
  final Properties properties = new Properties();

  /** Sections beside that of the plugin. */
  String more = "detection: {built_in_model: false}\n";

  Check.Side side = Check.Side.BOTH;
  URI controlPlaneUri = controlPlane.uri();
  URI adminUri = admin.uri();
  String adminKey = ADMIN_KEY;
  Path routes;
  String gatewayUser;
  Secret apiKey;
  long heap = 1L << 30;
  long leastFree;
  long leastInodes;
  Clock clock = Clock.systemUTC();
  Duration patience = Duration.ofSeconds(20);

  Place(Path directory) throws IOException {
    this.directory = directory;
    Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
    properties.putAll(System.getProperties());
    PrivateFiles.write(directory.resolve("instance.key"), KEY);
    PrivateFiles.write(data().resolve("initial-tap.key"), TAP_SECRET);
    Files.createDirectories(directory.resolve("cp"));
    pluginKeys.put("node", "gw-1");
    pluginKeys.put("socket", socket().toString());
    pluginKeys.put("data_directory", data().toString());
    pluginKeys.put("api_key", "file:" + directory.resolve("instance.key"));
    pluginKeys.put("port", Integer.toString(plugin.port()));
    pluginKeys.put("control_plane_url", controlPlane.uri().toString());
    controlPlane
        .reply(
            "/health",
            200,
            """
            {"status":"healthy","storage":"connected","circuit_breaker":"closed","ml_models":{},
             "uptime":7,"probe_age_ms":3}
            """)
        .reply("/livez", 200, "{\"status\":\"alive\"}")
        .reply(
            "/api/v1/me",
            200,
            "{\"id\":\"k1\",\"kind\":\"key\",\"permissions\":{\"telemetry:write\":[\"*\"]}}")
        .reply("/api/v1/policies/signing-keys", 200, "{\"keys\":[]}")
        .asks("/api/", "authorization", "Bearer " + KEY);
    plugin.reply(
        "/health",
        200,
        """
        {"status":"healthy","circuit_breaker":"closed","uptime":5,"gateway_connections":0,
         "draining":false,"routes":1,"node":"gw-1","control_plane":"closed","ml_models":{},
         "spool_bytes":0,"problems":[]}
        """);
    gateway.reply("/llmtrace-doctor", 404, "{\"error_msg\":\"404 Route Not Found\"}");
    admin.asks("/", "x-api-key", ADMIN_KEY);
    list("services");
    list("plugin_configs");
    list("upstreams");
    list("global_rules");
    list("routes", route());
    admin.reply(
        "/apisix/admin/plugins/list",
        200,
        "[\"ext-plugin-post-req\",\"http-logger\",\"prometheus\",\"key-auth\"]");
  }

  /** A route as "gateway enable" leaves it. */
  String route() {
    return """
    {"id":"chat","uri":"/v1/*","upstream":{"nodes":{"api.openai.com:443":1}},"plugins":{
     "ext-plugin-post-req":{"allow_degradation":true,"conf":[{"name":"llmtrace",
       "value":"{\\"mode\\":\\"observe\\"}"}]},
     "http-logger":{"uri":"http://127.0.0.1:%d/tap","auth_header":"Bearer %s",
       "include_resp_body":true,"max_retry_count":60}}}
    """
        .formatted(plugin.port(), TAP_SECRET);
  }

  void list(String kind, String... values) {
    StringBuilder list = new StringBuilder();
    for (String value : values) {
      list.append(list.isEmpty() ? "" : ",").append("{\"value\":").append(value).append("}");
    }
    admin.reply(
        "/apisix/admin/" + kind,
        200,
        // As Lua writes an empty list.
        "{\"total\":%d,\"list\":%s}"
            .formatted(values.length, values.length == 0 ? "{}" : "[" + list + "]"));
  }

  Path socket() {
    return directory.resolve("runner.sock");
  }

  Path data() {
    return directory.resolve("data");
  }

  Path config() {
    return directory.resolve("llmtrace.yaml");
  }

  /** Has a runner behind the socket; before that there is none. */
  Place serve(Runner runner) throws IOException {
    Files.createSymbolicLink(socket(), runner.socket().toRealPath());
    return this;
  }

  Deployment deployment() throws IOException {
    StringBuilder text = new StringBuilder("plugin:\n");
    pluginKeys.forEach(
        (key, value) -> text.append("  ").append(key).append(": ").append(value).append('\n'));
    text.append(more);
    if (!more.contains("control_plane:")) {
      text.append("control_plane: {data_directory: ").append(directory.resolve("cp")).append("}\n");
    }
    if (!Files.exists(config())) {
      Files.writeString(config(), text);
    }
    LlmtraceConfig config = LlmtraceConfig.defaults();
    List<ConfigProblem> problems = List.of();
    try {
      config = ConfigFile.load(config(), Map.of(), ConfigFile.Role.BOTH);
    } catch (ConfigException e) {
      problems = e.problems();
    }
    return new Deployment(
        config(),
        config,
        problems,
        side,
        controlPlaneUri,
        Trust.of(config.plugin().controlPlaneTls()),
        gateway.uri(),
        routes == null ? adminUri : null,
        Secret.of(adminKey),
        directory.resolve("admin.key"),
        routes,
        gatewayUser,
        apiKey,
        new Deployment.Machine(properties, heap, leastFree, leastInodes),
        Map.of(),
        patience,
        clock);
  }

  Map<String, Outcome> look() throws Exception {
    return Doctor.standard(Duration.ofSeconds(60)).look(deployment());
  }

  /** Exactly one problem is told, with these words. */
  void tells(String check, Severity severity, String cause, String mend) throws Exception {
    Map<String, Outcome> outcomes = look();
    assertThat(Report.problems(outcomes))
        .as("%s", outcomes)
        .singleElement()
        .satisfies(
            problem -> {
              assertThat(problem.check()).isEqualTo(check);
              assertThat(problem.severity()).isEqualTo(severity);
              assertThat(problem.cause()).contains(cause);
              assertThat(problem.mend()).contains(mend);
              assertThat(problem.toString()).doesNotContain(KEY, TAP_SECRET, ADMIN_KEY);
            });
  }

  void error(String check, String cause, String mend) throws Exception {
    tells(check, Severity.ERROR, cause, mend);
  }

  void warning(String check, String cause, String mend) throws Exception {
    tells(check, Severity.WARNING, cause, mend);
  }

  @Override
  public void close() throws IOException {
    Files.deleteIfExists(socket());
    controlPlane.close();
    plugin.close();
    admin.close();
    gateway.close();
  }
}
