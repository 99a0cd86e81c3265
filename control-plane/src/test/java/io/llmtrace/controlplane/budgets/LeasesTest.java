package io.llmtrace.controlplane.budgets;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmtrace.controlplane.ApiSamples;
import io.llmtrace.controlplane.TestControlPlane;
import io.llmtrace.policies.id.Ulid;
import io.llmtrace.policies.limit.Dimension;
import io.llmtrace.policies.limit.LeaseRequest;
import io.llmtrace.policies.limit.LeaseRequest.Demand;
import io.llmtrace.policies.limit.LimitKind;
import io.llmtrace.policies.limit.LimitLease;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(TestControlPlane.Extension.class)
class LeasesTest {
  private static final ThreadLocal<Jdbi> OF_THREAD = new ThreadLocal<>();
  private static final Queue<Connection> OPEN = new ConcurrentLinkedQueue<>();

  private final String limit = "limit-" + new Ulid().next();

  @AfterAll
  static void close() throws SQLException {
    for (Connection each : OPEN) {
      each.close();
    }
    OF_THREAD.remove();
  }

  private Demand demand(double total, double demand, long holds) {
    return new Demand(
        limit,
        Map.of(Dimension.TENANT, TestControlPlane.OWN),
        LimitKind.REQUESTS_PER_MINUTE,
        null,
        total,
        demand,
        holds);
  }

  private LimitLease ask(Leases leases, String node, double total, double demand, long holds) {
    return leases
        .lease(new LeaseRequest(node, List.of(demand(total, demand, holds))))
        .leases()
        .get(0);
  }

  @Test
  void sharesGoByDemandAndAddUpToTheLimit(TestControlPlane plane) throws Exception {
    Leases leases = new Leases(() -> jdbi(plane));
    LimitLease alone = ask(leases, "a", 600, 10, 0);
    assertThat(alone.granted()).isEqualTo(600);
    // All of it is a's until a says that it goes by a smaller lease.
    assertThat(ask(leases, "b", 600, 30, 0).granted()).isZero();
    LimitLease smaller = ask(leases, "a", 600, 10, alone.revision());
    assertThat(smaller.granted()).isLessThan(300);
    assertThat(ask(leases, "b", 600, 30, 0).granted()).isZero();
    LimitLease held = ask(leases, "a", 600, 10, smaller.revision());
    LimitLease other = ask(leases, "b", 600, 30, 0);
    assertThat(other.granted()).isGreaterThan(held.granted());
    assertThat(other.granted() + held.granted()).isLessThanOrEqualTo(600);
    assertThat(other.revision()).isGreaterThan(held.revision());
  }

  @Test
  void aNodeThatFallsSilentLosesItsShareWhenItsLeaseEnds(TestControlPlane plane) throws Exception {
    Leases leases = new Leases(() -> jdbi(plane));
    assertThat(ask(leases, "silent", 100, 1, 0).granted()).isEqualTo(100);
    assertThat(ask(leases, "other", 100, 1, 0).granted()).isZero();
    plane.sql(
        "UPDATE lease_grants SET not_after = 0 WHERE node = 'silent' AND limit_id LIKE '%"
            + limit
            + "%'");
    assertThat(ask(leases, "other", 100, 1, 0).granted()).isEqualTo(100);
  }

  @Test
  void aRevisionThatWasNeverGivenFreesNothing(TestControlPlane plane) throws Exception {
    Leases leases = new Leases(() -> jdbi(plane));
    assertThat(ask(leases, "a", 100, 1, 0).granted()).isEqualTo(100);
    LimitLease again = ask(leases, "a", 100, 1, Long.MAX_VALUE);
    assertThat(again.granted()).isEqualTo(100);
    assertThat(ask(leases, "b", 100, 1, 0).granted()).isZero();
    assertThat(ask(leases, "a", 100, 1, Long.MAX_VALUE).granted()).isLessThan(60);
    assertThat(ask(leases, "b", 100, 1, 0).granted()).isZero();
  }

  @Test
  void theSmallerLimitHoldsWhileNodesDisagree(TestControlPlane plane) throws Exception {
    Leases leases = new Leases(() -> jdbi(plane));
    LimitLease first = ask(leases, "old", 50, 1, 0);
    LimitLease second = ask(leases, "new", 500, 1, 0);
    assertThat(first.granted() + second.granted()).isLessThanOrEqualTo(50);
  }

  @Test
  void manyNodesOverTwoReplicasNeverHoldMoreThanTheLimit(TestControlPlane plane) throws Exception {
    double total = 1_000;
    List<Leases> replicas = List.of(new Leases(() -> jdbi(plane)), new Leases(() -> jdbi(plane)));
    ExecutorService nodes = Executors.newFixedThreadPool(6);
    try {
      for (int round = 0; round < 4; round++) {
        List<Future<Double>> asked = new ArrayList<>();
        for (int node = 0; node < 6; node++) {
          String name = "node-" + node;
          long seed = round * 100L + node;
          Leases replica = replicas.get(node % 2);
          asked.add(
              nodes.submit(
                  () -> {
                    Random random = new Random(seed);
                    long holds = 0;
                    double granted = 0;
                    for (int i = 0; i < 5; i++) {
                      LimitLease lease = ask(replica, name, total, random.nextInt(50), holds);
                      // Some answers are lost.
                      if (random.nextInt(3) > 0) {
                        holds = lease.revision();
                        granted = lease.granted();
                      }
                    }
                    return granted;
                  }));
        }
        for (Future<Double> each : asked) {
          assertThat(each.get()).isBetween(0.0, total);
        }
        assertThat(
                Double.parseDouble(
                    plane.query(
                        "SELECT coalesce(sum(most), 0) FROM (SELECT max(granted) AS most FROM"
                            + " lease_grants WHERE limit_id LIKE '%"
                            + limit
                            + "%' GROUP BY node) n")))
            .isLessThanOrEqualTo(total + 1e-6)
            .isPositive();
      }
    } finally {
      nodes.shutdownNow();
    }
  }

  @Test
  void anInstanceIsGivenSharesOfItsTenantsOnly(TestControlPlane plane) throws Exception {
    String own = plane.key("instance", TestControlPlane.OWN);
    Map<String, Integer> statuses = new HashMap<>();
    for (String key :
        List.of(
            "{\"tenant\":\"" + TestControlPlane.OWN + "\"}",
            "{\"tenant\":\"" + TestControlPlane.FOREIGN + "\"}",
            "{}")) {
      HttpResponse<String> answer =
          plane.call(
              "POST",
              "/api/v1/ingest/leases",
              own,
              ("{\"node\":\"n\",\"demands\":[{\"limit\":\"%s\",\"key\":%s,\"kind\":\"concurrent\","
                      + "\"total\":5,\"demand\":1,\"holds\":0}]}")
                  .formatted(limit, key));
      statuses.put(key, answer.statusCode());
    }
    assertThat(statuses.values()).containsExactlyInAnyOrder(200, 403, 403);
  }

  @Test
  void whatIsStoredUnsentAndGivenNeverAddsUpToMoreThanABudget(TestControlPlane plane)
      throws Exception {
    String tenant = ("t-" + new Ulid().next()).toLowerCase(java.util.Locale.ROOT);
    plane.call("POST", "/api/v1/tenants", plane.admin(), "{\"id\":\"" + tenant + "\"}");
    ApiSamples samples = new ApiSamples(plane);
    // Each of the samples costs 0.25.
    samples.fill(tenant);
    samples.fill(tenant);
    String path =
        plane
            .call(
                "POST",
                "/api/v1/budgets",
                plane.admin(),
                "{\"name\":\"b\",\"tenant\":\"%s\",\"usd\":10,\"enforcement\":\"hard\"}"
                    .formatted(tenant))
            .headers()
            .firstValue("Location")
            .orElseThrow();
    String id = path.substring(path.lastIndexOf('/') + 1);
    String key = plane.key("instance", tenant);
    JsonNode first = budget(plane, key, "a/1", id, 0, 0);
    assertThat(first.path("granted").asDouble()).as("half of 9.5").isEqualTo(4.75);
    assertThat(first.path("action").asText()).isEqualTo("limit");
    assertThat(first.path("resets_at").asLong()).isGreaterThan(System.currentTimeMillis());
    double given = 4.75;
    long held = 0;
    for (int i = 0; i < 20; i++) {
      JsonNode next = budget(plane, key, "b/" + i, id, i == 0 ? 1.5 : 0, held);
      given += next.path("granted").asDouble();
    }
    // 0.5 stored, 1.5 not sent, the rest given.
    assertThat(given).isBetween(7.0, 8.0);
    plane.sql("UPDATE lease_grants SET not_after = 0 WHERE limit_id = 'budget/" + id + "'");
    assertThat(budget(plane, key, "c/1", id, 9.6, 0).path("granted").asDouble())
        .as("more than there is")
        .isZero();
    JsonNode others =
        TestControlPlane.json(
            plane.call(
                "POST",
                "/api/v1/ingest/leases",
                plane.key("instance", TestControlPlane.FOREIGN),
                question("d/1", id, 0, 0)));
    assertThat(others.path("budgets").toString()).doesNotContain(id);
  }

  private static JsonNode budget(
      TestControlPlane plane, String key, String node, String id, double unsent, long holds)
      throws Exception {
    HttpResponse<String> answer =
        plane.call("POST", "/api/v1/ingest/leases", key, question(node, id, unsent, holds));
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    return TestControlPlane.json(answer).path("budgets").get(0);
  }

  private static String question(String node, String id, double unsent, long holds) {
    return ("{\"node\":\"%s\",\"demands\":[],\"budgets\":[{\"id\":\"%s\",\"unsent\":%s,"
            + "\"demand\":1,\"holds\":%d}]}")
        .formatted(node, id, unsent, holds);
  }

  @Test
  void whatAProcessGivesBackIsFreeAtOnce(TestControlPlane plane) throws Exception {
    Leases leases = new Leases(() -> jdbi(plane));
    assertThat(ask(leases, "a", 100, 1, 0).granted()).isEqualTo(100);
    assertThat(ask(leases, "b", 100, 1, 0).granted()).isZero();
    LeaseRequest leaving = new LeaseRequest("a", List.of(demand(100, 1, 0)), true, List.of(), 0);
    assertThat(leases.lease(leaving).leases()).isEmpty();
    assertThat(ask(leases, "b", 100, 1, 0).granted()).isEqualTo(100);
  }

  @Test
  void placesAreGivenWhole(TestControlPlane plane) throws Exception {
    Leases leases = new Leases(() -> jdbi(plane));
    double given = 0;
    for (String node : List.of("a", "b", "c")) {
      Demand places =
          new Demand(
              limit,
              Map.of(Dimension.TENANT, TestControlPlane.OWN),
              LimitKind.CONCURRENT,
              null,
              1,
              1,
              0);
      given += leases.lease(new LeaseRequest(node, List.of(places))).leases().get(0).granted();
    }
    assertThat(given).isEqualTo(1);
  }

  /** On a connection of the thread: to open one takes longer than to ask. */
  private static Jdbi jdbi(TestControlPlane plane) {
    Jdbi known = OF_THREAD.get();
    if (known == null) {
      try {
        Connection connection = DriverManager.getConnection(plane.url());
        OPEN.add(connection);
        known = Jdbi.create(connection);
      } catch (IOException | SQLException e) {
        throw new IllegalStateException(e);
      }
      OF_THREAD.set(known);
    }
    return known;
  }
}
