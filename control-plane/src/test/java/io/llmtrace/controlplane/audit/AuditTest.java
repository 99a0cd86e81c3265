package io.llmtrace.controlplane.audit;

import static io.llmtrace.controlplane.TestControlPlane.FOREIGN;
import static io.llmtrace.controlplane.TestControlPlane.OWN;
import static io.llmtrace.controlplane.TestControlPlane.json;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmtrace.controlplane.TestControlPlane;
import io.llmtrace.policies.json.WireJson;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(TestControlPlane.Extension.class)
class AuditTest {
  private static TestControlPlane plane;

  @BeforeAll
  static void someChanges(TestControlPlane given) throws Exception {
    plane = given;
    for (String tenant : List.of(OWN, FOREIGN, OWN)) {
      String unused = given.key("viewer", tenant);
    }
  }

  @Test
  void aChangeSaysWhoWhatWhenAndFromWhere() throws Exception {
    JsonNode key = plane.newKey("viewer", "[\"" + OWN + "\"]", "[]");
    String path = "/api/v1/keys/" + key.get("id").asText();
    assertThat(
            plane
                .call(
                    "PATCH",
                    path,
                    plane.admin(),
                    "{\"name\":\"Zoë\"}",
                    "If-Match",
                    "*",
                    "User-Agent",
                    "tests/1",
                    "X-Request-Id",
                    "req-7")
                .headers()
                .firstValue("X-Request-Id"))
        .hasValue("req-7");
    JsonNode entry = json(plane.call("GET", "/api/v1/audit?request_id=req-7", plane.admin(), null));
    JsonNode item = entry.at("/items/0");
    assertThat(item.get("actor").asText()).isEqualTo("key:initial-admin");
    assertThat(item.get("action").asText()).isEqualTo("key.change");
    assertThat(item.get("tenant").asText()).isEqualTo(OWN);
    assertThat(item.get("target").asText()).isEqualTo("key:" + key.get("id").asText());
    assertThat(item.get("address").asText()).isEqualTo("127.0.0.1");
    assertThat(item.get("user_agent").asText()).isEqualTo("tests/1");
    assertThat(WireJson.mapper().readTree(item.get("before").asText()).get("name").asText())
        .isEqualTo("of a test");
    assertThat(WireJson.mapper().readTree(item.get("after").asText()).get("name").asText())
        .isEqualTo("Zoë");
    assertThat(plane.call("GET", "/api/v1/audit?since=yesterday", plane.admin(), null).statusCode())
        .isEqualTo(400);
    assertThat(
            json(plane.call("GET", "/api/v1/audit?until=2001-01-01T00:00:00Z", plane.admin(), null))
                .get("items"))
        .isEmpty();
  }

  @Test
  void theDatabaseAndThisProgramHashAlikeAndManyAtOnceMakeOneChain() throws Exception {
    List<Callable<String>> changes = new ArrayList<>();
    for (int i = 0; i < 12; i++) {
      changes.add(() -> plane.key("viewer", OWN));
    }
    ExecutorService threads = Executors.newFixedThreadPool(6);
    try {
      for (Future<String> made : threads.invokeAll(changes)) {
        assertThat(made.get()).isNotEmpty();
      }
    } finally {
      threads.shutdownNow();
    }
    JsonNode verdict = json(plane.call("GET", "/api/v1/audit/verify", plane.admin(), null));
    assertThat(verdict.get("intact").asBoolean()).as(verdict.toString()).isTrue();
    assertThat(verdict.at("/head/seq").asLong()).isEqualTo(verdict.get("entries").asLong());
    String head = verdict.at("/head/seq").asText() + ":" + verdict.at("/head/hash").asText();
    assertThat(
            json(plane.call("GET", "/api/v1/audit/verify?anchor=" + head, plane.admin(), null))
                .get("intact")
                .asBoolean())
        .isTrue();
    String wrong = verdict.at("/head/seq").asText() + ":" + "0".repeat(64);
    assertThat(
            json(plane.call("GET", "/api/v1/audit/verify?anchor=" + wrong, plane.admin(), null))
                .get("fault")
                .asText())
        .contains("made anew");
    assertThat(plane.call("GET", "/api/v1/audit/verify?anchor=x", plane.admin(), null).statusCode())
        .isEqualTo(400);
  }

  private static List<AuditEntry> exported() throws Exception {
    List<AuditEntry> entries = new ArrayList<>();
    for (String line :
        plane.call("GET", "/api/v1/audit/export", plane.admin(), null).body().lines().toList()) {
      entries.add(WireJson.mapper().readValue(line, AuditEntry.class));
    }
    return entries;
  }

  private static AuditChain.Verdict check(List<AuditEntry> entries, AuditChain.Head anchor) {
    AuditChain chain = new AuditChain(anchor);
    entries.forEach(chain::accept);
    return chain.verdict();
  }

  @Test
  void editsRemovalsAndMovesAreSeenAndACutEndOnlyByAnAnchor() throws Exception {
    List<AuditEntry> good = exported();
    AuditChain.Verdict verdict = check(good, null);
    assertThat(verdict.intact()).as(verdict.fault()).isTrue();
    int middle = good.size() / 2;
    AuditEntry one = good.get(middle);

    List<AuditEntry> edited = new ArrayList<>(good);
    edited.set(middle, with(one, "key:somebody-else", one.hash()));
    assertThat(check(edited, null).fault())
        .isEqualTo("row %d was changed: its hash is another".formatted(one.seq()));
    // Whoever makes the hash right breaks the row behind it.
    AuditEntry rehashed =
        with(one, "key:somebody-else", with(one, "key:somebody-else", "").computedHash());
    edited.set(middle, rehashed);
    assertThat(check(edited, null).fault()).contains("row " + (one.seq() + 1) + " does not follow");

    List<AuditEntry> removed = new ArrayList<>(good);
    removed.remove(middle);
    assertThat(check(removed, null).fault()).contains("row " + one.seq() + " is missing");
    List<AuditEntry> moved = new ArrayList<>(good);
    moved.set(middle, good.get(middle - 1));
    moved.set(middle - 1, one);
    assertThat(check(moved, null).intact()).isFalse();
    List<AuditEntry> beheaded = good.subList(1, good.size());
    assertThat(check(beheaded, null).fault()).contains("row 1 is missing");

    // What a chain alone cannot show.
    List<AuditEntry> cut = good.subList(0, good.size() - 1);
    assertThat(check(cut, null).intact()).isTrue();
    assertThat(check(cut, verdict.head()).fault()).contains("the end was cut off");
    assertThat(check(List.of(), verdict.head()).intact()).isFalse();
  }

  private static AuditEntry with(AuditEntry entry, String actor, String hash) {
    return new AuditEntry(
        entry.seq(),
        entry.atMicros(),
        actor,
        entry.action(),
        entry.tenant(),
        entry.target(),
        entry.address(),
        entry.userAgent(),
        entry.requestId(),
        entry.before(),
        entry.after(),
        entry.previousHash(),
        hash);
  }

  @Test
  void aMovedFieldBoundaryIsAnotherText() {
    AuditEntry one =
        new AuditEntry(1, 2, "ab", "c", null, "t", "", "", "", null, null, AuditEntry.START, "");
    AuditEntry other =
        new AuditEntry(1, 2, "a", "bc", null, "t", "", "", "", null, null, AuditEntry.START, "");
    AuditEntry empty =
        new AuditEntry(1, 2, "ab", "c", "", "t", "", "", "", null, null, AuditEntry.START, "");
    assertThat(List.of(one.computedHash(), other.computedHash(), empty.computedHash()))
        .doesNotHaveDuplicates();
  }

  @Test
  void evenTheOwnerIsStoppedByMistakeAndATamperedRowIsFound() throws Exception {
    for (String statement :
        List.of("UPDATE audit SET actor = 'x'", "DELETE FROM audit", "TRUNCATE audit")) {
      assertThatThrownBy(() -> plane.sql(statement))
          .as(statement)
          .hasMessageContaining("only ever added to");
    }
    plane.sql("ALTER TABLE audit DISABLE TRIGGER audit_append_only");
    String was = plane.query("SELECT actor FROM audit WHERE seq = 2");
    try {
      plane.sql("UPDATE audit SET actor = 'key:innocent' WHERE seq = 2");
      JsonNode verdict = json(plane.call("GET", "/api/v1/audit/verify", plane.admin(), null));
      assertThat(verdict.get("intact").asBoolean()).isFalse();
      assertThat(verdict.get("fault").asText()).contains("row 2 was changed");
      assertThat(verdict.at("/head/seq").asLong()).isEqualTo(1);
    } finally {
      plane.sql("UPDATE audit SET actor = '" + was + "' WHERE seq = 2");
      plane.sql("ALTER TABLE audit ENABLE TRIGGER audit_append_only");
    }
  }

  @Test
  void aTenantsAdminSeesItsOwnRowsOnly() throws Exception {
    String own = plane.key("admin", OWN);
    for (String path : List.of("/api/v1/audit?limit=500", "/api/v1/audit/export")) {
      assertThat(plane.call("GET", path, own, null).body())
          .contains("\"tenant\":\"" + OWN + "\"")
          .doesNotContain(FOREIGN, "\"tenant.create\",\"target\"");
    }
    assertThat(plane.call("GET", "/api/v1/audit?tenant=" + FOREIGN, own, null).body())
        .isEqualTo("{\"items\":[]}");
    assertThat(plane.call("GET", "/api/v1/audit/verify", own, null).statusCode()).isEqualTo(403);
  }
}
