package io.llmtrace.controlplane.content;

import static io.llmtrace.controlplane.TestControlPlane.FOREIGN;
import static io.llmtrace.controlplane.TestControlPlane.OWN;
import static io.llmtrace.controlplane.TestControlPlane.json;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmtrace.controlplane.StoredRows;
import io.llmtrace.controlplane.TestControlPlane;
import io.llmtrace.policies.id.Ulid;
import io.llmtrace.policies.json.WireJson;
import io.llmtrace.policies.wire.ContentBatch;
import io.llmtrace.policies.wire.ContentPart;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(TestControlPlane.Extension.class)
class ContentApiTest {
  private static TestControlPlane plane;
  private static String instance;
  private static String reader;

  @BeforeAll
  static void keys(TestControlPlane given) throws Exception {
    plane = given;
    instance = plane.key("instance", "*");
    // Reads content of one tenant, and nothing else.
    reader = plane.newKey("admin", "[\"" + OWN + "\"]", "[\"content:read\"]").get("key").asText();
  }

  private static String stored(String tenant) throws Exception {
    String id = Contents.id(0);
    HttpResponse<String> answer =
        plane.call(
            "POST",
            "/api/v1/ingest/content",
            instance,
            WireJson.mapper()
                .writeValueAsString(
                    new ContentBatch(
                        1,
                        "gateway-1",
                        List.of(
                            Contents.request(id, tenant),
                            Contents.of(id, tenant, ContentPart.ANSWER, "alice")))));
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    assertThat(json(answer).path("stored").asInt()).isEqualTo(2);
    return id;
  }

  private static HttpResponse<String> read(String key, String id, String... headers)
      throws Exception {
    return plane.call("GET", "/api/v1/exchanges/" + id + "/content", key, null, headers);
  }

  @Test
  void whoMayReadsItAndTheAuditSaysSo() throws Exception {
    String id = stored(OWN);
    String request = UUID.randomUUID().toString();

    HttpResponse<String> answer = read(reader, id, "X-Reason", "case 7", "X-Request-Id", request);

    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    JsonNode content = json(answer);
    assertThat(content.path("tenant").asText()).isEqualTo(OWN);
    assertThat(content.path("parts")).hasSize(2);
    assertThat(content.at("/parts/0/part").asText()).isEqualTo("request");
    assertThat(content.at("/parts/0/mode").asText()).isEqualTo("redacted");
    assertThat(content.at("/parts/0/node").asText()).isEqualTo("gateway-1");
    assertThat(content.at("/parts/0/texts/0/text").asText()).contains(Contents.MARKER);
    assertThat(content.at("/parts/0/texts/0/pointer").asText()).isEqualTo("/messages/0/content");
    JsonNode entry =
        json(plane.call("GET", "/api/v1/audit?request_id=" + request, plane.admin(), null))
            .at("/items/0");
    assertThat(entry.path("action").asText()).isEqualTo("content.read");
    assertThat(entry.path("tenant").asText()).isEqualTo(OWN);
    assertThat(entry.path("target").asText()).isEqualTo("exchange:" + id);
    assertThat(entry.path("actor").asText()).startsWith("key:");
    JsonNode after = WireJson.mapper().readTree(entry.path("after").asText());
    assertThat(after.path("reason").asText()).isEqualTo("case 7");
    assertThat(after.path("parts")).hasSize(2);
    assertThat(entry.toString()).doesNotContain(Contents.MARKER);
  }

  @Test
  void withoutAReasonNothingIsReadAndNothingIsTold() throws Exception {
    String id = stored(OWN);
    String foreign = stored(FOREIGN);
    for (String each : List.of(id, foreign, new Ulid().next())) {
      for (String reason : List.of("", " ", "x".repeat(201))) {
        HttpResponse<String> answer =
            reason.isEmpty() ? read(reader, each) : read(reader, each, "X-Reason", reason);
        assertThat(answer.statusCode()).isEqualTo(400);
        assertThat(answer.body()).contains("X-Reason").doesNotContain(Contents.MARKER);
      }
    }
  }

  @Test
  void whatIsForeignIsAnsweredAsWhatIsAbsent() throws Exception {
    String foreign = stored(FOREIGN);
    String absent = new Ulid().next();
    String audited = plane.query("SELECT count(*) FROM audit WHERE action = 'content.read'");

    HttpResponse<String> one = read(reader, foreign, "X-Reason", "case 7");
    HttpResponse<String> other = read(reader, absent, "X-Reason", "case 7");

    assertThat(one.statusCode()).isEqualTo(404);
    assertThat(one.body()).isEqualTo(other.body());
    assertThat(plane.query("SELECT count(*) FROM audit WHERE action = 'content.read'"))
        .isEqualTo(audited);
  }

  @Test
  void contentThatClaimsAnExchangeOfAnotherTenantIsNotShownAsItsOwn() throws Exception {
    String id = stored(FOREIGN);
    new StoredRows(plane).exchange(id, OWN, "chat", "");

    JsonNode own = json(read(reader, id, "X-Reason", "case 7"));
    JsonNode all = json(read(plane.admin(), id, "X-Reason", "case 7"));

    assertThat(own.path("parts")).isEmpty();
    assertThat(all.path("tenant").asText()).isEqualTo(OWN);
    assertThat(all.path("parts")).isEmpty();
  }

  @Test
  void anExchangeOfWhichNothingWasCapturedHasNoParts() throws Exception {
    String id = new Ulid().next();
    new StoredRows(plane).exchange(id, OWN, "chat", "");

    JsonNode content = json(read(reader, id, "X-Reason", "case 7"));

    assertThat(content.path("decision_id").asText()).isEqualTo(id);
    assertThat(content.path("parts")).isEmpty();
  }

  @Test
  void analystsAndOthersMayNot() throws Exception {
    String id = stored(OWN);
    for (String role : List.of("operator", "analyst", "viewer", "instance")) {
      assertThat(read(plane.key(role, OWN), id, "X-Reason", "r").statusCode())
          .as(role)
          .isEqualTo(403);
    }
  }

  @Test
  void whatDoesNotDecryptIsAProblemThatIsAudited() throws Exception {
    String id = stored(OWN);
    String moved = stored(OWN);
    plane.sql(
        "UPDATE content x SET body = y.body, nonce = y.nonce, dek = y.dek FROM content y"
            + " WHERE x.decision_id = '%s' AND y.decision_id = '%s' AND x.part = y.part"
                .formatted(id, moved));

    HttpResponse<String> answer = read(reader, id, "X-Reason", "case 9");

    assertThat(answer.statusCode()).isEqualTo(409);
    assertThat(answer.body())
        .contains("cannot be decrypted")
        .doesNotContain(Contents.MARKER)
        .doesNotContain("Exception");
    assertThat(
            plane.query(
                "SELECT after::jsonb->>'failed' FROM audit WHERE target = 'exchange:" + id + "'"))
        .isEqualTo("true");
  }

  @Test
  void aKeyThatIsNotThereIsNamed() throws Exception {
    String id = stored(OWN);
    plane.sql("UPDATE content SET key_id = 'lost' WHERE decision_id = '" + id + "'");

    HttpResponse<String> answer = read(reader, id, "X-Reason", "case 9");

    assertThat(answer.statusCode()).isEqualTo(409);
    assertThat(answer.body()).contains("key lost is not in the keyring");
    plane.sql("DELETE FROM content WHERE decision_id = '" + id + "'");
  }

  @Test
  void keysAreListedWithoutSecretsAndRotated() throws Exception {
    HttpResponse<String> rotated =
        plane.call("POST", "/api/v1/content-keys/rotate", plane.admin(), null);
    assertThat(rotated.statusCode()).as(rotated.body()).isEqualTo(200);
    String id = json(rotated).path("id").asText();

    HttpResponse<String> listed = plane.call("GET", "/api/v1/content-keys", plane.admin(), null);

    JsonNode last = json(listed).path("items").get(json(listed).path("items").size() - 1);
    assertThat(last.path("id").asText()).isEqualTo(id);
    assertThat(last.path("active").asBoolean()).isTrue();
    var file = plane.directory().resolve("content.keys");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-------");
    for (JsonNode key : WireJson.mapper().readTree(Files.readString(file)).path("keys")) {
      assertThat(listed.body()).doesNotContain(key.path("key").asText());
    }
    assertThat(
            plane
                .call("POST", "/api/v1/content-keys/" + id + "/retire", plane.admin(), null)
                .statusCode())
        .isEqualTo(409);
  }

  @Test
  void whatIsNoContentIsRefused() throws Exception {
    String good =
        WireJson.mapper()
            .writeValueAsString(
                new ContentBatch(1, "n", List.of(Contents.request(Contents.id(0), OWN))));
    for (String bad :
        List.of(
            good.replace("\"schema\":1", "\"schema\":9"),
            good.replace("\"decision_id\":\"", "\"decision_id\":\"x"),
            good.replace("\"redacted\"", "\"none\""),
            good.replace("\"part\":\"request\",", ""),
            good.replace("\"tenant\":\"" + OWN + "\",", ""),
            good.replace("\"zone\":\"user\",", ""),
            good.replace("\"left_out_bytes\":0", "\"left_out_bytes\":-1"),
            good.substring(0, good.length() - 5))) {
      HttpResponse<String> answer = plane.call("POST", "/api/v1/ingest/content", instance, bad);
      assertThat(answer.statusCode()).as(bad).isEqualTo(400);
    }
  }
}
