package io.llmtrace.cli.shares;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmtrace.controlplane.ControlPlane;
import io.llmtrace.controlplane.storage.EmbeddedDatabase;
import io.llmtrace.plugin.PluginHost;
import io.llmtrace.plugin.PluginProcess;
import io.llmtrace.policies.json.WireJson;
import io.llmtrace.policies.limit.Dimension;
import io.llmtrace.policies.limit.Limit;
import io.llmtrace.runtime.config.IdentityConfig;
import io.llmtrace.runtime.config.IdentitySource;
import io.llmtrace.runtime.config.LlmtraceConfig;
import io.llmtrace.runtime.config.Secret;
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
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Two nodes with a gateway each before one control plane: limits and budgets are one for both. */
@Timeout(240)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class SharedLimitsTest {
  /** Requests a minute of a tenant, over both nodes. */
  private static final int RATE = 40;

  /** Seven seconds are promised; a machine that builds at the same time has many more. */
  private static final Duration EFFECTIVE = Duration.ofSeconds(45);

  @TempDir private static Path folder;
  private static final HttpClient HTTP = HttpClient.newHttpClient();
  private static ControlPlane plane;
  private static boolean closed;
  private static String admin;
  private static MockProvider provider;
  private static final List<Node> NODES = new ArrayList<>();

  /** A plugin and the gateway before it. */
  private record Node(PluginProcess<PluginHost> plugin, TestGateway gateway)
      implements AutoCloseable {
    HttpResponse<String> send(String tenant) throws Exception {
      HttpRequest request =
          HttpRequest.newBuilder(
                  URI.create("http://127.0.0.1:" + gateway.port() + "/v1/chat/completions"))
              .header("content-type", "application/json")
              .header("x-tenant", tenant)
              .POST(
                  HttpRequest.BodyPublishers.ofString(
                      "{\"model\":\"dear\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}"))
              .build();
      return HTTP.send(request, HttpResponse.BodyHandlers.ofString());
    }

    String metrics() throws Exception {
      return HTTP.send(
              HttpRequest.newBuilder(
                      URI.create("http://127.0.0.1:" + plugin.localPort() + "/metrics"))
                  .build(),
              HttpResponse.BodyHandlers.ofString())
          .body();
    }

    /** Exchanges of which the limits have heard that they ended. */
    double ended() throws Exception {
      return metrics()
          .lines()
          .filter(line -> line.startsWith("llmtrace_plugin_limits_ended_total{"))
          .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' '))))
          .sum();
    }

    @Override
    public void close() throws IOException {
      gateway.close();
      plugin.close();
    }
  }

  @BeforeAll
  static void start() throws Exception {
    LlmtraceConfig base = LlmtraceConfig.defaults();
    Path data = folder.resolve("cp");
    plane =
        ControlPlane.start(
            base.withControlPlane(base.controlPlane().withPorts(0, 0).withDataDirectory(data)));
    await("the control plane", Duration.ofSeconds(60), () -> call("GET", "/readyz", null) == 200);
    admin = Files.readString(data.resolve("initial-admin.key"));
    Secret instance = Secret.of(Files.readString(data.resolve("initial-instance.key")).trim());
    assertThat(
            call(
                "POST",
                "/api/v1/prices",
                "{\"provider\":\"openai\",\"model\":\"dear\",\"input\":5000,\"output\":5000}"))
        .isEqualTo(201);
    provider = MockProvider.start();
    for (int i = 1; i <= 2; i++) {
      NODES.add(node("n" + i, instance));
    }
    await(
        "both nodes know of each other",
        EFFECTIVE,
        () ->
            NODES.get(0).metrics().contains("llmtrace_plugin_shares_nodes 2.0")
                && NODES.get(1).metrics().contains("llmtrace_plugin_shares_nodes 2.0"));
  }

  private static Node node(String name, Secret instance) throws IOException {
    Limit rate =
        new Limit(
            "rate",
            Set.of(Dimension.TENANT),
            Map.of(Dimension.TENANT, List.of("rated")),
            Limit.Action.LIMIT,
            new Limit.Rates(RATE, 0, 0),
            Limit.Budget.NONE,
            Limit.Size.NONE,
            Limit.Nodes.SHARE,
            Limit.Alone.LOCAL);
    LlmtraceConfig base = LlmtraceConfig.defaults();
    Path socket = folder.resolve(name + ".sock");
    LlmtraceConfig config =
        base.withLimits(List.of(rate))
            .withPlugin(
                base.plugin().toBuilder()
                    .node(name)
                    .socket(socket)
                    .port(0)
                    .dataDirectory(folder.resolve(name))
                    .controlPlaneUrl(URI.create("http://127.0.0.1:" + plane.port()))
                    .apiKey(instance)
                    .tapSecret(Secret.of("tap-secret"))
                    .identity(
                        new IdentityConfig(
                            List.of(new IdentitySource.Header("x-tenant")), List.of()))
                    .build());
    PluginProcess<PluginHost> plugin = PluginProcess.start(config);
    String routes =
        """
        routes:
          - id: chat
            uri: /v1/*
            plugins:
              ext-plugin-post-req:
                conf:
                  - {name: llmtrace, value: '{"mode":"enforce","budget_ms":10000}'}
              http-logger:
                uri: http://127.0.0.1:%d/tap
                auth_header: Bearer tap-secret
                include_resp_body: true
                batch_max_size: 1
            upstream:
              nodes:
                "127.0.0.1:%d": 1
        #END
        """
            .formatted(plugin.localPort(), provider.port());
    return new Node(plugin, TestGateway.start(GatewayConfig.parse(routes), Options.of(socket)));
  }

  @AfterAll
  static void stop() throws Exception {
    for (Node node : NODES) {
      node.close();
    }
    provider.close();
    if (!closed) {
      plane.close();
    }
  }

  @Test
  @Order(1)
  void a_rate_is_one_for_both_nodes() throws Exception {
    long start = System.nanoTime();
    int passed = 0;
    for (int i = 0; i < 2 * RATE; i++) {
      passed += NODES.get(i % 2).send("rated").statusCode() == 200 ? 1 : 0;
    }
    double minutes = (System.nanoTime() - start) / 60e9;
    // A minute's worth; what flowed in, of which a node that begins has an even part beside the
    // share of the other; and one a node for rounding.
    assertThat(passed).isBetween(RATE - 2, RATE + (int) Math.ceil(1.5 * RATE * minutes) + 2);
  }

  @Test
  @Order(2)
  void a_hard_budget_refuses_at_both_nodes_and_is_overshot_by_what_is_in_flight() throws Exception {
    double cost = costOfOne("paid");
    String budget = budget("paid", 10 * cost);
    awaitBudgets();
    awaitShares("paid");
    HttpResponse<String> refused = null;
    long end = System.nanoTime() + Duration.ofSeconds(90).toNanos();
    for (int i = 0; refused == null || spent("paid") < 10 * cost - 1e-9; i++) {
      assertThat(System.nanoTime() - end).as("spent: " + spent("paid")).isNegative();
      Node node = NODES.get(i % 2);
      double ended = node.ended();
      HttpResponse<String> answer = node.send("paid");
      if (answer.statusCode() == 429) {
        refused = answer;
        Thread.sleep(100);
      } else {
        // So that one exchange is in flight, and its end is told before the next one.
        await("its end", EFFECTIVE, () -> node.ended() > ended);
      }
    }
    assertThat(refused.body()).contains("insufficient_quota", "budget:" + id(budget));
    assertThat(refused.headers().firstValue("x-should-retry")).contains("false");
    assertThat(Long.parseLong(refused.headers().firstValue("retry-after").orElseThrow()))
        .as("until the month ends")
        .isBetween(1L, 31L * 24 * 3_600);
    await("both refuse", EFFECTIVE, () -> all("paid", 429));
    // The bound: the budget, and at each node what was in flight when its share ended.
    assertThat(spent("paid")).isBetween(10 * cost - 1e-9, 10 * cost + 2 * 2 * cost);
    assertThat(NODES.get(0).metrics())
        .contains("llmtrace_plugin_budgets_total{result=\"limited\"}");
    await("its record", EFFECTIVE, () -> exchanges("paid").contains("limits/budget:" + id(budget)));

    // How soon that holds is what the next test sees.
    assertThat(callMatching("DELETE", budget, null)).isEqualTo(204);
  }

  @Test
  @Order(3)
  void what_is_said_of_a_budget_holds_at_both_nodes_within_seconds() throws Exception {
    double cost = costOfOne("changed");
    String budget = budget("changed", cost);
    await("it is spent", EFFECTIVE, () -> all("changed", 429));
    patch(budget, "{\"usd\":1000}");
    await("raised", EFFECTIVE, () -> all("changed", 200));
    patch(budget, "{\"usd\":%.9f,\"enforcement\":\"soft\"}".formatted(cost));
    await(
        "lowered, and soft",
        EFFECTIVE,
        () -> all("changed", 200) && "limit".equals(provider.lastHeaders().get("x-llmtrace-flag")));
    assertThat(callMatching("DELETE", budget, null)).isEqualTo(204);
    await(
        "deleted",
        EFFECTIVE,
        () -> all("changed", 200) && !provider.lastHeaders().containsKey("x-llmtrace-flag"));
    await("forgotten by both", EFFECTIVE, () -> budgetsKnown(0));
  }

  @Test
  @Order(4)
  void without_its_control_plane_a_node_spends_its_share_and_no_more() throws Exception {
    double cost = costOfOne("cut-off");
    budget("cut-off", 41 * cost);
    awaitBudgets();
    awaitShares("cut-off");
    plane.close();
    closed = true;
    int passed = 0;
    for (int i = 0; i < 200; i++) {
      int status = NODES.get(i % 2).send("cut-off").statusCode();
      assertThat(status).isIn(200, 429);
      passed += status == 200 ? 1 : 0;
      if (status == 429 && NODES.get((i + 1) % 2).send("cut-off").statusCode() == 429) {
        break;
      }
      Thread.sleep(20);
    }
    assertThat(all("cut-off", 429)).as("both have spent their shares").isTrue();
    assertThat(passed).as("what was left of 41").isBetween(1, 41);
  }

  /** Uses the budget at both nodes until each has a share of it. */
  private static void awaitShares(String tenant) throws Exception {
    for (int i = 0; i < 2; i++) {
      Node node = NODES.get(i);
      String name = "n" + (i + 1);
      assertThat(node.send(tenant).statusCode()).isEqualTo(200);
      await("a share", EFFECTIVE, () -> budgetShare(name) > 0);
    }
  }

  private static double budgetShare(String node) throws Exception {
    return Double.parseDouble(
        sql(
            "SELECT coalesce(max(granted), 0) FROM lease_grants WHERE node LIKE '"
                + node
                + "/%' AND limit_id = (SELECT 'budget/' || max(id) FROM budgets)"));
  }

  private static boolean all(String tenant, int status) throws Exception {
    for (Node node : NODES) {
      if (node.send(tenant).statusCode() != status) {
        return false;
      }
    }
    return true;
  }

  /** Sends one, and waits until what it cost is known. */
  private static double costOfOne(String tenant) throws Exception {
    assertThat(NODES.get(0).send(tenant).statusCode()).isEqualTo(200);
    await("its cost", EFFECTIVE, () -> spent(tenant) > 0);
    return spent(tenant);
  }

  private static double spent(String tenant) throws Exception {
    return json("/api/v1/spend?window=month&tenant=" + tenant)
        .path("items")
        .path(0)
        .path("cost_usd")
        .asDouble();
  }

  private static String exchanges(String tenant) throws Exception {
    return json("/api/v1/exchanges?limit=500&tenant=" + tenant).toString();
  }

  private static String budget(String tenant, double usd) throws Exception {
    HttpResponse<String> made =
        send(
            "POST",
            "/api/v1/budgets",
            "{\"name\":\"%s\",\"tenant\":\"%s\",\"usd\":%.9f,\"enforcement\":\"hard\"}"
                .formatted(tenant, tenant, usd));
    assertThat(made.statusCode()).as(made.body()).isEqualTo(201);
    return URI.create(made.headers().firstValue("Location").orElseThrow()).getPath();
  }

  private static void awaitBudgets() throws Exception {
    await("both know the budget", EFFECTIVE, () -> budgetsKnown(1));
  }

  private static boolean budgetsKnown(int count) throws Exception {
    String line = "llmtrace_plugin_shares_budgets " + count + ".0";
    return NODES.get(0).metrics().contains(line) && NODES.get(1).metrics().contains(line);
  }

  private static String id(String path) {
    return path.substring(path.lastIndexOf('/') + 1);
  }

  private static void patch(String path, String body) throws Exception {
    assertThat(callMatching("PATCH", path, body)).isEqualTo(200);
  }

  private static int callMatching(String verb, String path, String body) throws Exception {
    return send(verb, path, body, "If-Match", "*").statusCode();
  }

  private static int call(String verb, String path, String body) throws Exception {
    return send(verb, path, body).statusCode();
  }

  private static JsonNode json(String path) throws Exception {
    HttpResponse<String> answer = send("GET", path, null);
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    return WireJson.mapper().readTree(answer.body());
  }

  private static HttpResponse<String> send(String verb, String path, String body, String... headers)
      throws Exception {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + plane.port() + path))
            .method(
                verb,
                body == null
                    ? HttpRequest.BodyPublishers.noBody()
                    : HttpRequest.BodyPublishers.ofString(body));
    if (body != null) {
      request.header("Content-Type", "application/json");
    }
    if (admin != null) {
      request.header("Authorization", "Bearer " + admin.trim());
    }
    if (headers.length > 0) {
      request.headers(headers);
    }
    return HTTP.send(request.build(), HttpResponse.BodyHandlers.ofString());
  }

  private static String sql(String query) throws Exception {
    String url = EmbeddedDatabase.addressOf(folder.resolve("cp/postgres"));
    try (var connection = java.sql.DriverManager.getConnection(url);
        var run = connection.createStatement();
        var rows = run.executeQuery(query)) {
      return rows.next() ? String.valueOf(rows.getString(1)) : "";
    }
  }

  private static void await(String what, Duration most, Callable<Boolean> condition)
      throws Exception {
    long end = System.nanoTime() + most.toNanos();
    while (!condition.call()) {
      assertThat(System.nanoTime()).as(what + " within " + most).isLessThan(end);
      Thread.sleep(100);
    }
  }
}
