package io.llmtrace.controlplane.exchanges;

import static io.llmtrace.controlplane.TestControlPlane.json;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmtrace.controlplane.StoredRows;
import io.llmtrace.controlplane.TestControlPlane;
import io.llmtrace.controlplane.query.Bounds;
import io.llmtrace.controlplane.query.Conditions;
import io.llmtrace.controlplane.query.DayWalk;
import io.llmtrace.controlplane.query.Fields;
import io.llmtrace.controlplane.query.Order;
import io.llmtrace.controlplane.query.Reading;
import io.llmtrace.policies.id.Ulid;
import java.net.http.HttpResponse;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(TestControlPlane.Extension.class)
class ExchangesTest {
  private static TestControlPlane plane;
  private static StoredRows rows;

  @BeforeAll
  static void take(TestControlPlane given) {
    plane = given;
    rows = new StoredRows(given);
  }

  @Test
  void eachFilterFindsWhatItSays() throws Exception {
    String plain = id("2026-03-01T10:00:00Z", 1);
    String blocked = id("2026-03-01T11:00:00Z", 2);
    String failed = id("2026-03-02T10:00:00Z", 3);
    String silent = id("2026-03-02T11:00:00Z", 4);
    rows.exchange(plain, "filters", "chat", "\"consumer\":\"anna\",\"model\":\"gpt-4o\"")
        .completion(plain, "filters", 200, 80, "0.5");
    rows.exchange(
            blocked,
            "filters",
            "rag",
            "\"agent\":\"bot\",\"outcome\":\"block\",\"action\":\"block\"")
        .finding(blocked, "filters", "request", 1, "jailbreak", "high", "e")
        .completion(blocked, "filters", 403, 5, "0");
    rows.exchange(failed, "filters", "chat", "\"provider\":\"anthropic\"")
        .finding(failed, "filters", "answer", 1, "pii_detected", "medium", "e")
        .completion(failed, "filters", 503, 900, "null");
    rows.exchange(
        silent, "filters", "chat", "\"tap\":false,\"conversation\":\"" + "a".repeat(32) + "\"");

    Map<String, List<String>> expected = new LinkedHashMap<>();
    expected.put("", List.of(silent, failed, blocked, plain));
    expected.put("order=oldest", List.of(plain, blocked, failed, silent));
    expected.put("route=chat", List.of(silent, failed, plain));
    expected.put("consumer=anna", List.of(plain));
    expected.put("agent=bot", List.of(blocked));
    expected.put("agent=&route=chat&provider=openai", List.of(silent, plain));
    expected.put("provider=anthropic", List.of(failed));
    expected.put("model=gpt-4o", List.of(plain));
    expected.put("outcome=block", List.of(blocked));
    expected.put("action=block", List.of(blocked));
    expected.put("status=503", List.of(failed));
    expected.put("status=5xx", List.of(failed));
    expected.put("status=2xx", List.of(plain));
    expected.put("state=completed", List.of(failed, blocked, plain));
    expected.put("state=unobserved", List.of(silent));
    expected.put("state=open", List.of());
    expected.put("finding_type=jailbreak", List.of(blocked));
    expected.put("finding_severity=medium", List.of(failed, blocked));
    expected.put("finding_severity=critical", List.of());
    expected.put("min_cost_usd=0.25", List.of(plain));
    expected.put("min_latency_ms=80", List.of(failed, plain));
    expected.put("conversation=" + "a".repeat(32), List.of(silent));
    expected.put("since=2026-03-02", List.of(silent, failed));
    expected.put("until=2026-03-02", List.of(blocked, plain));
    expected.put("since=2026-03-01T11:00:00Z&until=2026-03-02T11:00:00Z", List.of(failed, blocked));
    expected.put("decision_id=" + failed, List.of(failed));
    for (Map.Entry<String, List<String>> one : expected.entrySet()) {
      assertThat(all("tenant=filters&" + one.getKey())).as(one.getKey()).isEqualTo(one.getValue());
    }
  }

  @Test
  void anExchangeIsOpenUntilItIsSettled() throws Exception {
    String id = new Ulid().next();
    rows.exchange(id, "settles", "r", "");
    assertThat(get(id).path("state").asText()).isEqualTo("open");
    plane.sql("INSERT INTO settled_late VALUES ('" + id + "', '" + rows.day(id) + "', 'sweep')");
    assertThat(get(id).path("state").asText()).isEqualTo("unobserved");
    rows.completion(id, "settles", 200, 1, "0");
    assertThat(get(id).path("state").asText()).isEqualTo("completed");
  }

  @Test
  void fieldsAreThoseThatWereAskedFor() throws Exception {
    String id = new Ulid().next();
    rows.exchange(id, "fields", "r", "").completion(id, "fields", 200, 7, "0.1");
    assertThat(list("tenant=fields&fields=decision_id,tenant,completion.status").at("/items/0"))
        .hasToString(
            "{\"decision_id\":\""
                + id
                + "\",\"tenant\":\"fields\",\"completion\":{\"status\":200}}");
    assertThat(list("tenant=fields&fields=completion.usage.prompt_tokens").at("/items/0"))
        .hasToString("{\"completion\":{\"usage\":{\"prompt_tokens\":3}}}");
    assertThat(list("tenant=fields&fields=completion.status,completion").at("/items/0/completion"))
        .hasSize(4);
  }

  @Test
  void whatIsWrongIsNamedWithWhatWouldBeRight() throws Exception {
    Map<String, String> wrong = new LinkedHashMap<>();
    wrong.put("routes=x", "routes: unknown parameter, expected one of action, agent");
    wrong.put("route=a&route=b", "route: expected once");
    wrong.put("limit=0", "limit: expected a whole number from 1 to 500");
    wrong.put("limit=501", "limit: expected");
    wrong.put("status=6xx", "status: expected a status such as 429 or 5xx");
    wrong.put("state=done", "state: expected one of completed, open, unobserved");
    wrong.put("outcome=x", "outcome: expected one of");
    wrong.put("action=x", "action: expected one of");
    wrong.put("finding_type=x", "finding_type: expected one of");
    wrong.put("finding_severity=dire", "finding_severity: expected one of");
    wrong.put("min_cost_usd=-1", "min_cost_usd: expected a number from 0");
    wrong.put("min_latency_ms=1e9", "min_latency_ms: expected a number from 0");
    wrong.put("since=yesterday", "since: expected a day");
    wrong.put("until=2026-02-30", "until: expected a day");
    wrong.put("since=1999-01-01", "since: expected a day");
    wrong.put("order=up", "order: expected one of newest, oldest");
    wrong.put("decision_id=1", "decision_id: expected a decision id");
    wrong.put("conversation=1", "conversation: expected 32");
    wrong.put("fields=nothing", "fields: expected names between commas, of agent");
    wrong.put("fields=completion.nothing", "fields: expected of completion one of decision_id");
    wrong.put("fields=tenant.name", "fields: expected tenant without parts");
    wrong.put("fields=tenant,tenant", "fields: expected each once");
    wrong.put("cursor=nonsense", "cursor: expected");
    wrong.put("cursor=WyJuIiwiMSIsIiIsIjAiXQ", "cursor: expected");
    for (Map.Entry<String, String> one : wrong.entrySet()) {
      HttpResponse<String> answer =
          plane.call("GET", "/api/v1/exchanges?" + one.getKey(), plane.admin(), null);
      assertThat(answer.statusCode()).as(one.getKey()).isEqualTo(400);
      assertThat(answer.headers().firstValue("Content-Type")).hasValue("application/problem+json");
      assertThat(TestControlPlane.json(answer).path("detail").asText())
          .as(one.getKey())
          .startsWith(one.getValue());
    }
  }

  @Test
  void aCursorGoesOnInItsOrderOnly() throws Exception {
    for (int i = 0; i < 3; i++) {
      rows.exchange(id("2026-03-05T10:00:00Z", i), "cursors", "r", "");
    }
    String next = list("tenant=cursors&limit=1").path("next").asText();
    assertThat(list("tenant=cursors&limit=1&cursor=" + next).path("items")).hasSize(1);
    assertThat(
            plane
                .call(
                    "GET",
                    "/api/v1/exchanges?tenant=cursors&order=oldest&cursor=" + next,
                    plane.admin(),
                    null)
                .statusCode())
        .isEqualTo(400);
  }

  /** Rows come between pages, before and behind the reader and on days of their own. */
  @Test
  void pagesNeitherLoseNorRepeatWhatWasThere() throws Exception {
    Random random = new Random(20_260_301);
    for (String order : List.of("newest", "oldest")) {
      String tenant = "pages-" + order;
      List<String> before = new ArrayList<>();
      for (int i = 0; i < 60; i++) {
        before.add(random(random));
        rows.exchange(before.get(i), tenant, "r", "");
      }
      List<String> read = new ArrayList<>();
      String cursor = "";
      do {
        JsonNode page =
            list(
                "tenant="
                    + tenant
                    + "&order="
                    + order
                    + cursor
                    + "&limit="
                    + (1 + random.nextInt(9)));
        read.addAll(ids(page));
        cursor = page.has("next") ? "&cursor=" + page.path("next").asText() : "";
        for (int i = random.nextInt(4); i > 0; i--) {
          rows.exchange(random(random), tenant, "r", "");
        }
      } while (!cursor.isEmpty());
      assertThat(read).doesNotHaveDuplicates().containsAll(before);
      List<String> sorted = new ArrayList<>(read);
      Collections.sort(sorted);
      if (order.equals("newest")) {
        Collections.reverse(sorted);
      }
      assertThat(read).isEqualTo(sorted);
    }
  }

  @Test
  void aListOverManyEmptyDaysGoesOnAndEnds() throws Exception {
    String oldest = id("2024-01-01T00:00:00Z", 1);
    rows.exchange(oldest, "sparse", "r", "");
    for (int day = 0; day < 90; day++) {
      rows.day(
          Ulid.of(Instant.parse("2024-01-02T00:00:00Z").toEpochMilli() + day * 86_400_000L, 0, 0));
    }
    List<String> read = new ArrayList<>();
    String cursor = "";
    int pages = 0;
    do {
      JsonNode page = list("tenant=sparse" + cursor);
      read.addAll(ids(page));
      cursor = page.has("next") ? "&cursor=" + page.path("next").asText() : "";
      pages++;
    } while (!cursor.isEmpty() && pages < 50);
    assertThat(read).containsExactly(oldest);
    assertThat(pages).isBetween(3, 20);
    assertThat(opened()).isLessThanOrEqualTo(2 * (DayWalk.MOST_DAYS + 8));
  }

  /** Partitions that a page over years locks, and so opens. */
  private static int opened() throws Exception {
    Conditions conditions = new Conditions().and("e.tenant = 'nobody'");
    ExchangeFilter filter =
        new ExchangeFilter(
            conditions,
            null,
            Bounds.between(null, Instant.parse("2025-01-01T00:00:00Z")),
            Order.NEWEST);
    return Jdbi.create(plane.url())
        .inTransaction(
            handle -> {
              assertThat(
                      ExchangeRows.page(
                              new Reading.Together(handle), filter, Fields.all(), 10, null)
                          .next())
                  .as("more days than a page looks at")
                  .isNotNull();
              return handle
                  .createQuery(
                      "SELECT count(DISTINCT c.oid) FROM pg_locks l JOIN pg_class c"
                          + " ON c.oid = l.relation WHERE l.pid = pg_backend_pid()"
                          + " AND c.relkind = 'r' AND c.relname ~ '^(exchanges|completions)_'")
                  .mapTo(Integer.class)
                  .one();
            });
  }

  @Test
  void anIdThatIsNoneIsAbsent() throws Exception {
    for (String id :
        List.of("x", "%00", "01ARZ3NDEKTSV4RRFFQ69G5FAV", "zzzzzzzzzzzzzzzzzzzzzzzzzz")) {
      HttpResponse<String> answer =
          plane.call("GET", "/api/v1/exchanges/" + id, plane.admin(), null);
      assertThat(answer.statusCode()).as(id).isIn(400, 404);
    }
  }

  private static String random(Random random) {
    long start = Instant.parse("2026-04-01T00:00:00Z").toEpochMilli();
    return Ulid.of(
        start + random.nextInt(20 * 86_400) * 1000L, random.nextInt(), random.nextLong());
  }

  private static String id(String time, int number) {
    return Ulid.of(Instant.parse(time).toEpochMilli(), 7, number);
  }

  private static JsonNode get(String id) throws Exception {
    return TestControlPlane.json(plane.call("GET", "/api/v1/exchanges/" + id, plane.admin(), null));
  }

  private static JsonNode list(String query) throws Exception {
    HttpResponse<String> answer =
        plane.call("GET", "/api/v1/exchanges?" + query, plane.admin(), null);
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    return json(answer);
  }

  /** Ids of all pages: the days of other tests may lie between. */
  private static List<String> all(String query) throws Exception {
    List<String> ids = new ArrayList<>();
    String cursor = "";
    do {
      JsonNode page = list(query + cursor);
      ids.addAll(ids(page));
      cursor = page.has("next") ? "&cursor=" + page.path("next").asText() : "";
    } while (!cursor.isEmpty());
    return ids;
  }

  private static List<String> ids(JsonNode page) {
    List<String> ids = new ArrayList<>();
    page.path("items").forEach(item -> ids.add(item.path("decision_id").asText()));
    return ids;
  }
}
