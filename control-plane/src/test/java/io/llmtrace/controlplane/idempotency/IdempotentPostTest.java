package io.llmtrace.controlplane.idempotency;

import static io.llmtrace.controlplane.TestControlPlane.OWN;
import static io.llmtrace.controlplane.TestControlPlane.json;
import static org.assertj.core.api.Assertions.assertThat;

import io.llmtrace.controlplane.TestControlPlane;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Held against the resource whose answers hold secrets. */
@ExtendWith(TestControlPlane.Extension.class)
class IdempotentPostTest {
  private static final String NEW =
      "{\"name\":\"n\",\"role\":\"viewer\",\"tenants\":[\"" + OWN + "\"]}";
  private static TestControlPlane plane;

  @BeforeAll
  static void use(TestControlPlane given) {
    plane = given;
  }

  @Test
  void aPostWithAnIdempotencyKeyIsDoneOnce() throws Exception {
    String once = UUID.randomUUID().toString();
    HttpResponse<String> first = post(NEW, once);
    HttpResponse<String> again = post(NEW, once);
    assertThat(first.statusCode()).as(first.body()).isEqualTo(201);
    assertThat(again.statusCode()).isEqualTo(201);
    assertThat(again.body()).isEqualTo(first.body()).contains("\"key\":\"llmt_");
    assertThat(again.headers().firstValue("Idempotency-Replayed")).hasValue("true");
    assertThat(again.headers().firstValue("Location"))
        .isEqualTo(first.headers().firstValue("Location"));
    assertThat(post(NEW.replace("viewer", "analyst"), once).statusCode()).isEqualTo(422);
    assertThat(post(NEW, "short").statusCode()).isEqualTo(400);
    // The secret that the kept answer holds is not in the database for anybody to read.
    String secret = json(first).get("key").asText();
    assertThat(
            plane.query(
                "SELECT count(*) FROM idempotency WHERE position('"
                    + HexFormat.of().formatHex(secret.getBytes(StandardCharsets.UTF_8))
                    + "' IN encode(body, 'hex')) > 0"))
        .isEqualTo("0");
    // Another caller's key of the same name is another key.
    String other = plane.key("admin", OWN);
    HttpResponse<String> others =
        plane.call("POST", "/api/v1/keys", other, NEW, "Idempotency-Key", once);
    assertThat(others.statusCode()).isEqualTo(201);
    assertThat(others.body()).isNotEqualTo(first.body());
  }

  @Test
  void ofManyAtOnceOneIsDone() throws Exception {
    String once = UUID.randomUUID().toString();
    List<Callable<HttpResponse<String>>> posts = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      posts.add(() -> post(NEW.replace("\"n\"", "\"" + once + "\""), once));
    }
    ExecutorService threads = Executors.newFixedThreadPool(8);
    try {
      for (Future<HttpResponse<String>> answer : threads.invokeAll(posts)) {
        assertThat(answer.get().statusCode()).isIn(201, 409);
      }
    } finally {
      threads.shutdownNow();
    }
    assertThat(plane.query("SELECT count(*) FROM api_keys WHERE name = '" + once + "'"))
        .isEqualTo("1");
  }

  private static HttpResponse<String> post(String body, String once) throws Exception {
    return plane.call("POST", "/api/v1/keys", plane.admin(), body, "Idempotency-Key", once);
  }

  @Test
  void whatFailedMayBeTriedAgainAndADayLaterAKeyIsAnotherOne() throws Exception {
    String once = UUID.randomUUID().toString();
    String tenant = "late-" + UUID.randomUUID();
    String body = NEW.replace(OWN, tenant);
    assertThat(post(body, once).statusCode()).isEqualTo(400);
    assertThat(
            plane
                .call("POST", "/api/v1/tenants", plane.admin(), "{\"id\":\"" + tenant + "\"}")
                .statusCode())
        .isEqualTo(201);
    HttpResponse<String> first = post(body, once);
    assertThat(first.statusCode()).as(first.body()).isEqualTo(201);
    plane.sql("UPDATE idempotency SET created_at = created_at - interval '25 hours'");
    HttpResponse<String> nextDay = post(body, once);
    assertThat(nextDay.statusCode()).isEqualTo(201);
    assertThat(nextDay.body()).isNotEqualTo(first.body());
  }
}
