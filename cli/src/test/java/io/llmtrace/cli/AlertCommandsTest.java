package io.llmtrace.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.HttpServer;
import io.llmtrace.cli.stack.Readiness;
import io.llmtrace.cli.stack.StackPorts;
import io.llmtrace.controlplane.ControlPlane;
import io.llmtrace.controlplane.storage.EmbeddedDatabase;
import io.llmtrace.policies.detect.Severity;
import io.llmtrace.policies.id.Ulid;
import io.llmtrace.policies.json.WireJson;
import io.llmtrace.runtime.config.AlertsConfig;
import io.llmtrace.runtime.config.ChannelConfig;
import io.llmtrace.runtime.config.LlmtraceConfig;
import io.llmtrace.runtime.config.Secret;
import io.llmtrace.testkit.sinks.WebhookSink;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** The commands as people type them, on a real control plane. */
@Timeout(120)
class AlertCommandsTest {
  @TempDir private static Path folder;
  private static final Ulid IDS = new Ulid();
  private static WebhookSink sink;
  private static ControlPlane plane;

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @BeforeAll
  static void start() throws Exception {
    sink = WebhookSink.start();
    AlertsConfig alerts =
        AlertsConfig.to(
                List.of(
                    hook("hook", sink.url()),
                    hook("refused", URI.create("https://127.0.0.1:9/secret-path"))))
            .withAllowedTargets(Set.of("127.0.0.1:" + sink.port()));
    LlmtraceConfig base = LlmtraceConfig.defaults();
    plane =
        ControlPlane.start(
            base.withAlerts(alerts)
                .withControlPlane(
                    base.controlPlane().withPorts(0, 0).withDataDirectory(folder.resolve("cp"))));
    assertThat(Readiness.await(URI.create(url() + "/readyz"), Duration.ofSeconds(60), () -> true))
        .isTrue();
  }

  private static ChannelConfig hook(String name, URI url) {
    return new ChannelConfig.Webhook(
        new ChannelConfig.Common(
            name, Severity.CRITICAL, 0, Map.of("rule", Set.of("none")), 20, true),
        Secret.of(url.toString()),
        null,
        null);
  }

  @AfterAll
  static void stop() throws Exception {
    plane.close();
    sink.close();
  }

  private static String url() {
    return "http://127.0.0.1:" + plane.port();
  }

  private static String keyFile() {
    return "file:" + folder.resolve("cp/initial-admin.key");
  }

  private int bare(String... arguments) {
    out.getBuffer().setLength(0);
    err.getBuffer().setLength(0);
    CommandLine commands = Main.commandLine();
    commands.setOut(new PrintWriter(out, true));
    commands.setErr(new PrintWriter(err, true));
    List<String> all = new ArrayList<>(List.of(arguments));
    all.add(0, "alerts");
    return commands.execute(all.toArray(String[]::new));
  }

  private int run(String... arguments) {
    List<String> all = new ArrayList<>(List.of(arguments));
    all.addAll(List.of("--url", url(), "--key", keyFile()));
    return bare(all.toArray(String[]::new));
  }

  private String done(String... arguments) {
    assertThat(run(arguments)).as(err.toString()).isZero();
    return out.toString();
  }

  private static String sql(String statement) throws Exception {
    try (Connection connection =
            DriverManager.getConnection(EmbeddedDatabase.addressOf(folder.resolve("cp/postgres")));
        Statement run = connection.createStatement()) {
      if (!run.execute(statement)) {
        return "";
      }
      try (ResultSet rows = run.getResultSet()) {
        return rows.next() ? String.valueOf(rows.getString(1)) : "";
      }
    }
  }

  private static String incident(String route) throws Exception {
    return incident(route, "hook");
  }

  private static String incident(String route, String channel) throws Exception {
    String id = IDS.next();
    sql(
        ("INSERT INTO alert_incidents (id, rule, tenant, labels, key, tracked, state, severity,"
                + " seen, since, fired_at, number, channels) VALUES ('%1$s', 'severe_finding',"
                + " 'acme', '{\"tenant\": \"acme\", \"route\": \"%2$s\"}', '%1$s', false, 'firing',"
                + " 'high', '{\"value\": 3, \"threshold\": 1, \"peak\": 3, \"unit\": \"findings\","
                + " \"counts\": {\"findings\": 3}, \"samples\": [], \"summary\": \"3 findings\"}',"
                + " '2027-01-31T08:00:00Z', now(), 1, ARRAY['%3$s'])")
            .formatted(id, route, channel));
    return id;
  }

  @Test
  void incidentsAreListedShownAndTaken() throws Exception {
    String id = incident("chat\\u001b[2J\\u202e");
    assertThat(done("incidents", "--state", "firing", "--rule", "severe_finding"))
        .contains("ID", "SEVERITY", id, "2027-01-31T08:00:00Z", "Severe finding: route chat")
        .doesNotContain("\u001b", "\u202e");
    assertThat(done("incidents", "--severity", "critical")).isEqualToIgnoringNewLines("none");
    JsonNode listed =
        WireJson.mapper()
            .readTree(done("incidents", "--tenant", "acme", "--json", "--limit", "500"));
    assertThat(listed.path("items").findValuesAsText("id")).contains(id);
    assertThat(out.toString()).doesNotContain("\u202e").contains("\\u202E");

    assertThat(done("acknowledge", id, "--comment", "on it")).startsWith("acknowledged  " + id);
    assertThat(done("comment", id, "rolled back")).startsWith("acknowledged  " + id);
    assertThat(done("show", id))
        .contains("3 findings", "tenant=acme", "findings=3", "on it", "rolled back", "hook")
        .containsPattern("acknowledged +key:");
    assertThat(done("resolve", id)).startsWith("resolved  " + id);
    assertThat(done("show", id, "--json")).contains("\"resolved_by\"", "\"events\"");
  }

  @Test
  void aPageIsNoEnd() throws Exception {
    for (int i = 0; i < 3; i++) {
      String unused = incident("paged");
    }
    assertThat(done("incidents", "--limit", "2").lines()).hasSize(3);
    assertThat(err.toString()).contains("there are more, see --limit");
  }

  @Test
  void silencesAreOfAnIncidentOrOfLabels() throws Exception {
    String id = incident("noisy");
    assertThat(done("silence", "--incident", id, "--for", "1h30m", "--comment", "known"))
        .startsWith("silent until ");
    String silence = out.toString().strip().replaceFirst(".* ", "");
    assertThat(
            sql("SELECT tenant || matchers::text FROM alert_silences WHERE id = '" + silence + "'"))
        .isEqualTo("acme{\"rule\": [\"severe_finding\"], \"route\": [\"noisy\"]}");
    assertThat(
            sql(
                "SELECT extract(epoch FROM until - starts_at)::int BETWEEN 5398 AND 5400"
                    + " FROM alert_silences WHERE id = '"
                    + silence
                    + "'"))
        .isEqualTo("t");
    assertThat(done("silences")).contains(silence, "silent", "route=noisy", "known");
    assertThat(done("end-silence", silence)).isEqualToIgnoringNewLines("ended  " + silence);
    assertThat(done("silences")).doesNotContain(silence);
    assertThat(done("silences", "--all")).contains(silence);

    assertThat(
            done(
                "silence",
                "--match",
                "route=a",
                "--match",
                "route=b=c",
                "--match",
                "rule=x",
                "--for",
                "3d",
                "--tenant",
                "acme",
                "--comment",
                "load test",
                "--json"))
        .contains("\"b=c\"", "\"acme\"");
    assertThat(run("silence", "--for", "2h", "--comment", "all of it")).isEqualTo(2);
    assertThat(run("silence", "--match", "route", "--for", "2h", "--comment", "x")).isEqualTo(2);
    assertThat(err.toString()).contains("--match: expected label=value, was route");
    assertThat(run("silence", "--match", "a=b", "--for", "2 hours", "--comment", "x")).isEqualTo(2);
    assertThat(err.toString()).contains("expected a time such as 30m");
    assertThat(
            run("silence", "--incident", id, "--tenant", "other", "--for", "2h", "--comment", "x"))
        .isEqualTo(2);
    assertThat(err.toString()).contains("the incident is of acme");
  }

  @Test
  void channelsAreShownPreviewedAndTried() throws Exception {
    assertThat(done("channels"))
        .contains("hook", "refused", "webhook")
        .doesNotContain("secret-path");
    assertThat(done("preview", "hook")).contains("incident.firing", "High error rate");
    assertThat(done("try", "hook")).startsWith("delivered in ");
    assertThat(sink.ledger().received().get(0).step()).isEqualTo("incident.test");
    assertThat(run("try", "refused")).isEqualTo(1);
    assertThat(err.toString()).contains("not delivered, it would be given up: ");
    assertThat(run("try", "nobody")).isEqualTo(1);
    assertThat(err.toString()).contains("404: there is no such channel");
  }

  @Test
  void whatWasGivenUpIsSentAgain() throws Exception {
    // Nobody sends through a channel that is not configured: what is waiting stays as it is.
    String id = incident("parked", "gone");
    assertThat(done("comment", id, "hello")).contains(id);
    sql("UPDATE alert_outbox SET state = 'parked' WHERE incident = '" + id + "'");
    assertThat(done("deliveries", "--incident", id, "--state", "parked"))
        .contains("gone", "commented", "severe_finding");
    String delivery = sql("SELECT id FROM alert_outbox WHERE incident = '" + id + "'");
    assertThat(done("retry", delivery)).isEqualToIgnoringNewLines("waiting  " + delivery);
    assertThat(run("retry", delivery)).isEqualTo(1);
    assertThat(err.toString()).contains("409: it is waiting");
    assertThat(done("deliveries", "--channel", "nobody")).isEqualToIgnoringNewLines("none");
  }

  @Test
  void whatCannotBeDoneIsSaidWithoutTheKey() throws Exception {
    assertThat(run("show", IDS.next())).isEqualTo(1);
    assertThat(err.toString()).contains("404: there is no such incident");
    assertThat(run("show", "..")).isEqualTo(2);
    assertThat(run("incidents", "--state", "odd")).isEqualTo(2);
    assertThat(err.toString()).contains("state: ");
    assertThat(run("incidents", "--limit", "0")).isEqualTo(2);

    assertThat(bare("incidents", "--url", url(), "--key", "llt_nobodys")).isEqualTo(1);
    assertThat(err.toString()).contains("401").doesNotContain("llt_nobodys");
    Path instance = folder.resolve("cp/initial-instance.key");
    assertThat(bare("incidents", "--url", url(), "--key", "file:" + instance)).isEqualTo(1);
    assertThat(err.toString())
        .contains("403: this key may not do that")
        .doesNotContain(Files.readString(instance).strip());
    assertThat(bare("incidents", "--url", url(), "--key", "two\nlines")).isEqualTo(2);
    assertThat(err.toString()).contains("--key: expected one line").doesNotContain("lines\n");
    assertThat(bare("incidents", "--url", url(), "--key", "file:" + folder.resolve("none")))
        .isEqualTo(2);
    assertThat(err.toString()).contains("expected a file with a key that can be read at");
    for (String wrong : List.of("ftp://a", "http://user:word@127.0.0.1", "127.0.0.1:8080")) {
      assertThat(bare("incidents", "--url", wrong, "--key", keyFile())).as(wrong).isEqualTo(2);
    }
  }

  @Test
  void thereMayBeNoControlPlane() throws Exception {
    String nobody = "http://127.0.0.1:" + StackPorts.freePort();
    assertThat(bare("incidents", "--url", nobody, "--key", "k")).isEqualTo(3);
    assertThat(err.toString()).contains("no control plane can be reached at " + nobody);
    HttpServer other =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    other.createContext(
        "/",
        exchange -> {
          byte[] body = "<html>hello</html>".getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(200, body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    other.start();
    try {
      String url = "http://127.0.0.1:" + other.getAddress().getPort() + "/";
      assertThat(bare("incidents", "--url", url, "--key", "k")).isEqualTo(3);
      assertThat(err.toString()).contains("answered 200 as no control plane does");
    } finally {
      other.stop(0);
    }
  }
}
