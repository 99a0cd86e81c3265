package io.llmtrace.controlplane.tenants;

import static io.llmtrace.controlplane.TestControlPlane.FOREIGN;
import static io.llmtrace.controlplane.TestControlPlane.OWN;
import static org.assertj.core.api.Assertions.assertThat;

import io.llmtrace.controlplane.TestControlPlane;
import io.llmtrace.policies.detect.Coverage;
import io.llmtrace.policies.detect.Receipt;
import io.llmtrace.policies.exchange.Dialect;
import io.llmtrace.policies.id.Ulid;
import io.llmtrace.policies.json.WireJson;
import io.llmtrace.policies.policy.Action;
import io.llmtrace.policies.policy.Decision;
import io.llmtrace.policies.policy.Mode;
import io.llmtrace.policies.wire.Batch;
import io.llmtrace.policies.wire.CompletionRecord;
import io.llmtrace.policies.wire.InspectionRecord;
import io.llmtrace.policies.wire.TelemetryRecord;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(TestControlPlane.Extension.class)
class ListedTenantsTest {
  private static final Ulid ids = new Ulid();
  private static TestControlPlane plane;
  private static long sequence;

  @BeforeAll
  static void use(TestControlPlane given) {
    plane = given;
  }

  @Test
  void rowsOfTenantsThatAKeyDoesNotListAreSetAsideAndCountedOnce() throws Exception {
    String listed = plane.key("instance", OWN);
    String everybody = plane.key("instance", "*");
    String own = ids.next();
    String foreign = ids.next();
    String stored = ids.next();
    send(everybody, List.of(inspection(stored, FOREIGN)));
    double before = rejected();

    send(
        listed,
        List.of(
            inspection(own, OWN),
            completion(own),
            inspection(foreign, FOREIGN),
            completion(foreign),
            completion(stored)));
    assertThat(read(own)).contains("\"completed\"");
    assertThat(plane.call("GET", "/api/v1/exchanges/" + foreign, plane.admin(), null).statusCode())
        .isEqualTo(404);
    assertThat(read(stored)).contains("\"open\"");
    assertThat(
            plane.query(
                "SELECT string_agg(kind || ' ' || tenant || ' ' || reason, ', ' ORDER BY id) FROM"
                    + " set_aside WHERE decision_id IN ('"
                    + foreign
                    + "', '"
                    + stored
                    + "')"))
        .isEqualTo(
            "inspection %1$s foreign_tenant, completion %1$s foreign_tenant, completion %1$s foreign_tenant"
                .formatted(FOREIGN));
    assertThat(rejected()).isEqualTo(before + 3);
    // Once more, in another batch.
    send(listed, List.of(inspection(foreign, FOREIGN), completion(stored)));
    assertThat(rejected()).isEqualTo(before + 3);
    // Whoever may report for the tenant still can.
    send(everybody, List.of(inspection(foreign, FOREIGN), completion(foreign), completion(stored)));
    assertThat(read(foreign)).contains("\"completed\"");
    assertThat(read(stored)).contains("\"completed\"");
    assertThat(lost()).isZero();
  }

  private static String read(String id) throws Exception {
    return plane.call("GET", "/api/v1/exchanges/" + id, plane.admin(), null).body();
  }

  private static double rejected() throws Exception {
    return metric("llmtrace_rejected_records_total{reason=\"foreign_tenant\"}");
  }

  private static double lost() throws Exception {
    return metric("llmtrace_events_lost_total{reason=\"foreign_tenant\"}");
  }

  private static double metric(String series) throws Exception {
    return plane
        .call("GET", "/metrics", "", null)
        .body()
        .lines()
        .filter(line -> line.startsWith(series))
        .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
        .sum();
  }

  private static void send(String key, List<TelemetryRecord> records) throws Exception {
    HttpResponse<String> answer =
        plane.call(
            "POST",
            "/api/v1/ingest/batches",
            key,
            WireJson.mapper()
                .writeValueAsString(new Batch(Batch.SCHEMA, "gate", "boot", ++sequence, records)));
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
  }

  private static InspectionRecord inspection(String id, String tenant) {
    return new InspectionRecord(
        id,
        1,
        "0af7651916cd43dd8448eb211c80319c",
        tenant,
        "gate",
        "",
        "POST",
        "/v1/x",
        Dialect.OPENAI_CHAT,
        "openai",
        "gpt-4o",
        false,
        new Decision(Action.ALLOW, Action.ALLOW, Mode.OBSERVE, "p", "r", 0, ""),
        List.of(),
        new Receipt(Coverage.INSPECTED, "", 1, 1, 10, List.of()),
        Map.of("total", 900L),
        true);
  }

  private static CompletionRecord completion(String id) {
    return new CompletionRecord(
        id, 2, 200, 1.0, 1.0, "gpt-4o", null, "stop", null, false, List.of(), null, null);
  }
}
