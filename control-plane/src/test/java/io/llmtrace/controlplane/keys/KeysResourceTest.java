package io.llmtrace.controlplane.keys;

import static io.llmtrace.controlplane.TestControlPlane.FOREIGN;
import static io.llmtrace.controlplane.TestControlPlane.OWN;
import static io.llmtrace.controlplane.TestControlPlane.json;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmtrace.controlplane.Await;
import io.llmtrace.controlplane.ControlPlane;
import io.llmtrace.controlplane.TestControlPlane;
import io.llmtrace.runtime.config.DatabaseConfig;
import io.llmtrace.runtime.config.LlmtraceConfig;
import io.llmtrace.runtime.config.Secret;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(TestControlPlane.Extension.class)
class KeysResourceTest {
  private static final String NEW =
      "{\"name\":\"n\",\"role\":\"viewer\",\"tenants\":[\"" + OWN + "\"]}";
  private static TestControlPlane plane;

  @BeforeAll
  static void use(TestControlPlane given) {
    plane = given;
  }

  @Test
  void aSecretIsShownOnceAndStoredNowhere() throws Exception {
    JsonNode made = plane.newKey("viewer", "[\"" + OWN + "\"]", "[]");
    String key = made.get("key").asText();
    assertThat(key)
        .matches("llmt_[a-z0-9]{8}_[0-9a-f]{64}")
        .startsWith(made.get("prefix").asText());
    JsonNode me = json(plane.call("GET", "/api/v1/me", key, null));
    assertThat(me.at("/grants/0/role").asText()).isEqualTo("viewer");
    assertThat(me.at("/permissions/exchanges:read/0").asText()).isEqualTo(OWN);
    assertThat(me.path("permissions").has("keys:read")).isFalse();

    String secret = key.substring(key.lastIndexOf('_') + 1);
    String shown =
        plane.call("GET", "/api/v1/keys/" + made.get("id").asText(), plane.admin(), null).body();
    String listed = plane.call("GET", "/api/v1/keys?limit=500", plane.admin(), null).body();
    assertThat(shown).contains(made.get("prefix").asText()).doesNotContain(secret, "hash", "salt");
    assertThat(listed).contains(made.get("id").asText()).doesNotContain(secret, "hash");
    assertThat(plane.query("SELECT count(*) FROM api_keys k WHERE k::text LIKE '%" + secret + "%'"))
        .isEqualTo("0");
    assertThat(plane.query("SELECT count(*) FROM audit a WHERE a::text LIKE '%" + secret + "%'"))
        .isEqualTo("0");
  }

  @Test
  void scopesNarrowAKeyAndNobodyMakesAKeyThatMayMoreThanThey() throws Exception {
    String own = plane.key("admin", OWN);
    String narrow =
        plane
            .newKey("admin", "[\"" + OWN + "\"]", "[\"keys:write\",\"findings:read\"]")
            .get("key")
            .asText();
    assertThat(plane.call("GET", "/api/v1/findings", narrow, null).statusCode()).isEqualTo(200);
    assertThat(plane.call("GET", "/api/v1/exchanges", narrow, null).statusCode()).isEqualTo(403);

    assertThat(create(own, "admin", "[\"" + OWN + "\"]", "[]")).isEqualTo(201);
    assertThat(create(own, "instance", "[\"" + OWN + "\"]", "[]")).isEqualTo(201);
    assertThat(create(own, "viewer", "[\"*\"]", "[]")).isEqualTo(403);
    assertThat(create(own, "viewer", "[\"" + OWN + "\",\"" + FOREIGN + "\"]", "[]")).isEqualTo(403);
    assertThat(create(narrow, "viewer", "[\"" + OWN + "\"]", "[\"findings:read\"]")).isEqualTo(201);
    assertThat(create(narrow, "viewer", "[\"" + OWN + "\"]", "[]")).isEqualTo(403);
    // A key may not be made anew by who may less than it.
    String strong = plane.newKey("admin", "[\"" + OWN + "\"]", "[]").get("id").asText();
    assertThat(plane.call("POST", "/api/v1/keys/" + strong + "/rotate", narrow, "{}").statusCode())
        .isEqualTo(403);
    HttpResponse<String> widened =
        plane.call(
            "PATCH", "/api/v1/keys/" + strong, narrow, "{\"scopes\":[]}", "If-Match", "\"1\"");
    assertThat(widened.statusCode()).isEqualTo(403);
    // That there is a tenant or not makes no difference to who may not ask.
    assertThat(body(own, FOREIGN)).isEqualTo(body(own, "nobody-at-all"));
  }

  private static String body(String key, String tenant) throws Exception {
    return plane
        .call("POST", "/api/v1/keys", key, NEW.replace(OWN, tenant))
        .body()
        .replace(tenant, "T");
  }

  private static int create(String by, String role, String tenants, String scopes)
      throws Exception {
    return plane
        .call(
            "POST",
            "/api/v1/keys",
            by,
            "{\"name\":\"n\",\"role\":\"%s\",\"tenants\":%s,\"scopes\":%s}"
                .formatted(role, tenants, scopes))
        .statusCode();
  }

  @Test
  void wrongBodiesAreRefusedWithEveryFieldsPlace() throws Exception {
    HttpResponse<String> answer =
        plane.call(
            "POST",
            "/api/v1/keys",
            plane.admin(),
            "{\"role\":\"boss\",\"tenants\":[\"a\",\"a\",\"b c\"],\"scopes\":[\"keys:write\",7],"
                + "\"expires_at\":\"2001-01-01T00:00:00Z\",\"rolé\":1}");
    assertThat(answer.statusCode()).isEqualTo(400);
    assertThat(answer.headers().firstValue("Content-Type")).hasValue("application/problem+json");
    List<String> fields = new ArrayList<>();
    json(answer).get("errors").forEach(error -> fields.add(error.get("field").asText()));
    assertThat(fields)
        .containsExactly(
            "/name", "/role", "/tenants/1", "/tenants/2", "/scopes/1", "/expires_at", "/rolé");
    for (String bad :
        List.of(
            "[]",
            "{",
            "{\"name\":\"a\",\"name\":\"b\"}",
            "{} {}",
            "null",
            "\"x\"",
            "{\"a\":NaN}")) {
      HttpResponse<String> refused = plane.call("POST", "/api/v1/keys", plane.admin(), bad);
      assertThat(refused.statusCode()).as(bad).isEqualTo(400);
      assertThat(refused.body()).as(bad).contains("\"detail\":\"body: ");
    }
    String long_ = "{\"name\":\"" + "x".repeat(70_000) + "\"}";
    assertThat(plane.call("POST", "/api/v1/keys", plane.admin(), long_).statusCode())
        .isEqualTo(413);
    for (String path :
        List.of("?limit=0", "?limit=x", "?cursor=%00", "?cursor=WzFd", "?role=a&role=b", "?x=1")) {
      assertThat(plane.call("GET", "/api/v1/keys" + path, plane.admin(), null).statusCode())
          .as(path)
          .isEqualTo(400);
    }
  }

  @Test
  void pagesAreStableWhileKeysAreMade() throws Exception {
    String marker = "page-" + UUID.randomUUID();
    assertThat(
            plane
                .call("POST", "/api/v1/tenants", plane.admin(), "{\"id\":\"" + marker + "\"}")
                .statusCode())
        .isEqualTo(201);
    List<String> made = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      made.add(0, plane.newKey("viewer", "[\"" + marker + "\"]", "[]").get("id").asText());
    }
    List<String> read = new ArrayList<>();
    String path = "/api/v1/keys?limit=2&tenant=" + marker;
    for (String next = ""; next != null; ) {
      JsonNode page = json(plane.call("GET", path + next, plane.admin(), null));
      page.get("items").forEach(item -> read.add(item.get("id").asText()));
      next = page.has("next") ? "&cursor=" + page.get("next").asText() : null;
      plane.newKey("viewer", "[\"" + marker + "\"]", "[]");
    }
    assertThat(read).isEqualTo(made);
  }

  @Test
  void aRotatedKeyGoesOnForItsOverlapAndCountsAsTheSameSender() throws Exception {
    JsonNode old = plane.newKey("viewer", "[\"" + OWN + "\"]", "[\"findings:read\"]");
    String path = "/api/v1/keys/" + old.get("id").asText();
    HttpResponse<String> made =
        plane.call("POST", path + "/rotate", plane.admin(), "{\"overlap_seconds\":3600}");
    assertThat(made.statusCode()).as(made.body()).isEqualTo(201);
    JsonNode fresh = json(made);
    assertThat(fresh.get("replaces")).isEqualTo(old.get("id"));
    assertThat(fresh.get("scopes")).isEqualTo(old.get("scopes"));
    assertThat(fresh.get("tenants")).isEqualTo(old.get("tenants"));
    for (JsonNode key : List.of(old, fresh)) {
      assertThat(plane.call("GET", "/api/v1/me", key.get("key").asText(), null).statusCode())
          .isEqualTo(200);
    }
    Instant end =
        Instant.parse(
            json(plane.call("GET", path, plane.admin(), null)).get("expires_at").asText());
    assertThat(end).isBetween(Instant.now().plusSeconds(3500), Instant.now().plusSeconds(3601));
    assertThat(
            plane.query(
                "SELECT lineage FROM api_keys WHERE id = '" + fresh.get("id").asText() + "'"))
        .isEqualTo(old.get("id").asText());

    assertThat(
            plane
                .call("POST", path + "/rotate", plane.admin(), "{\"overlap_seconds\":0}")
                .statusCode())
        .isEqualTo(201);
    assertThat(plane.call("GET", "/api/v1/me", old.get("key").asText(), null).statusCode())
        .isEqualTo(401);
    assertThat(plane.call("POST", path + "/rotate", plane.admin(), "{}").statusCode())
        .isEqualTo(409);
  }

  @Test
  void aChangeNeedsTheStateThatItChanges() throws Exception {
    JsonNode key = plane.newKey("viewer", "[\"" + OWN + "\"]", "[]");
    String path = "/api/v1/keys/" + key.get("id").asText();
    HttpResponse<String> read = plane.call("GET", path, plane.admin(), null);
    String tag = read.headers().firstValue("ETag").orElseThrow();
    String body = "{\"name\":\"other\",\"scopes\":[\"findings:read\"]}";
    assertThat(plane.call("PATCH", path, plane.admin(), body).statusCode()).isEqualTo(428);
    HttpResponse<String> changed = plane.call("PATCH", path, plane.admin(), body, "If-Match", tag);
    assertThat(changed.statusCode()).as(changed.body()).isEqualTo(200);
    assertThat(changed.body()).contains("other", "findings:read");
    assertThat(plane.call("PATCH", path, plane.admin(), body, "If-Match", tag).statusCode())
        .isEqualTo(412);
    assertThat(plane.call("GET", "/api/v1/exchanges", key.get("key").asText(), null).statusCode())
        .isEqualTo(403);
    // null widens again; what is not sent stays.
    String now = changed.headers().firstValue("ETag").orElseThrow();
    HttpResponse<String> wide =
        plane.call("PATCH", path, plane.admin(), "{\"scopes\":null}", "If-Match", now);
    assertThat(wide.body()).contains("\"other\"", "\"scopes\":[]");
  }

  @Test
  void theLastKeyThatMayEverythingStays() throws Exception {
    String path = "/api/v1/keys/initial-admin";
    String another = plane.newKey("admin", "[\"*\"]", "[]").get("id").asText();
    plane.sql(
        "UPDATE api_keys SET revoked_at = now() WHERE role = 'admin' AND tenants IS NULL"
            + " AND id NOT IN ('initial-admin', '"
            + another
            + "')");
    assertThat(
            plane
                .call("POST", "/api/v1/keys/" + another + "/revoke", plane.admin(), null)
                .statusCode())
        .isEqualTo(200);
    assertThat(plane.call("POST", path + "/revoke", plane.admin(), null).statusCode())
        .isEqualTo(409);
    for (String body :
        List.of("{\"scopes\":[\"keys:write\"]}", "{\"expires_at\":\"2099-01-01T00:00:00Z\"}")) {
      assertThat(plane.call("PATCH", path, plane.admin(), body, "If-Match", "*").statusCode())
          .as(body)
          .isEqualTo(409);
    }
  }

  @Test
  @SuppressWarnings("try")
  void aRevocationHoldsHereAtOnceAndOnAnotherReplicaWithinFiveSeconds(@TempDir Path directory)
      throws Exception {
    LlmtraceConfig base = LlmtraceConfig.defaults();
    String url = plane.url();
    LlmtraceConfig config =
        base.withControlPlane(
            base.controlPlane()
                .withPorts(0, 0)
                .withDataDirectory(directory)
                .withDatabase(new DatabaseConfig(Secret.of(url), null, null, 3)));
    try (ControlPlane replica = ControlPlane.start(config)) {
      Await.until(Duration.ofSeconds(60), () -> status(replica, plane.admin()) == 200);
      JsonNode key = plane.newKey("viewer", "[\"" + OWN + "\"]", "[]");
      String token = key.get("key").asText();
      Await.until(Duration.ofSeconds(60), () -> status(replica, token) == 200);
      assertThat(
              plane
                  .call(
                      "POST",
                      "/api/v1/keys/" + key.get("id").asText() + "/revoke",
                      plane.admin(),
                      null)
                  .statusCode())
          .isEqualTo(200);
      assertThat(plane.call("GET", "/api/v1/me", token, null).statusCode()).isEqualTo(401);
      // How long it takes is how often a replica looks, and what a busy machine adds to it.
      assertThat(KeyWatch.LOOKS).isLessThan(Duration.ofSeconds(5));
      Await.until(Duration.ofSeconds(60), () -> status(replica, token) == 401);
    }
  }

  private static int status(ControlPlane replica, String key) throws Exception {
    return plane.call(replica, "GET", "/api/v1/me", key, null).statusCode();
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void anAddressThatGuessesIsToldToWaitAndAValidKeyFromThereIsNot() throws Exception {
    StringBuilder statuses = new StringBuilder();
    for (int i = 0; i < 12; i++) {
      String wrong = "llmt_guess%03d_".formatted(i) + "0".repeat(64);
      statuses.append(statusFrom("127.0.0.2", wrong)).append(' ');
    }
    assertThat(statuses.toString().strip()).isEqualTo("401 ".repeat(10) + "429 429");
    assertThat(statusFrom("127.0.0.2", plane.admin())).isEqualTo("200");
    assertThat(statusFrom("127.0.0.2", plane.key("viewer", OWN))).isEqualTo("200");
    assertThat(statusFrom("127.0.0.3", "llmt_guess000_" + "0".repeat(64))).isEqualTo("401");
    assertThat(plane.call("GET", "/metrics", "", null).body())
        .contains("llmtrace_authentication_failures_total{reason=\"throttled\"} ");
  }

  /** Linux answers on all of 127.0.0.0/8; elsewhere the addresses have to be made first. */
  private static String statusFrom(String address, String key) throws Exception {
    try (Socket socket = new Socket()) {
      socket.bind(new InetSocketAddress(InetAddress.getAllByName(address)[0], 0));
      socket.connect(
          new InetSocketAddress(InetAddress.getLoopbackAddress(), plane.service().port()));
      socket
          .getOutputStream()
          .write(
              "GET /api/v1/me HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nConnection: close\r\n\r\n"
                  .formatted(key)
                  .getBytes(StandardCharsets.US_ASCII));
      String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
      assertThat(answer.startsWith("HTTP/1.1 429") == answer.contains("Retry-After: ")).isTrue();
      return answer.substring("HTTP/1.1 ".length(), "HTTP/1.1 ".length() + 3);
    }
  }

  @Test
  void aSuspendedTenantIsShutForThoseWhoWereGrantedItByName() throws Exception {
    String tenant = "shut-" + UUID.randomUUID();
    assertThat(
            plane
                .call("POST", "/api/v1/tenants", plane.admin(), "{\"id\":\"" + tenant + "\"}")
                .statusCode())
        .isEqualTo(201);
    String own = plane.key("admin", tenant);
    String instance = plane.key("instance", tenant);
    assertThat(plane.call("GET", "/api/v1/exchanges", own, null).statusCode()).isEqualTo(200);
    String path = "/api/v1/tenants/" + tenant;
    String suspend = "{\"state\":\"suspended\"}";
    assertThat(plane.call("PATCH", path, own, suspend, "If-Match", "*").statusCode())
        .isEqualTo(403);
    assertThat(plane.call("PATCH", path, plane.admin(), suspend, "If-Match", "*").statusCode())
        .isEqualTo(200);
    assertThat(plane.call("GET", "/api/v1/exchanges", own, null).statusCode()).isEqualTo(403);
    assertThat(plane.call("GET", path, plane.admin(), null).body()).contains("suspended");
    // What its gateways report is not to be lost.
    String batch =
        "{\"schema\":1,\"node\":\"n\",\"boot_id\":\"%s\",\"sequence\":1,\"records\":[]}"
            .formatted(tenant);
    assertThat(plane.call("POST", "/api/v1/ingest/batches", instance, batch).statusCode())
        .isEqualTo(200);
  }

  @Test
  void keysOfBeforePrefixesAndLastUsesAreKept() throws Exception {
    String token = "llmtrace_admin_" + "ab".repeat(32);
    plane.sql(
        "INSERT INTO api_keys (id, role, hash) VALUES ('of-old', 'admin', sha256('"
            + token
            + "'))");
    Jdbi jdbi = Jdbi.create(plane.url());
    KeyDirectory keys = new KeyDirectory(Clock.systemUTC());
    keys.refresh(jdbi);
    io.llmtrace.controlplane.access.Origin origin =
        new io.llmtrace.controlplane.access.Origin("a", "", "r");
    assertThat(keys.authenticate(token, origin)).isPresent();
    assertThat(keys.authenticate(token.replace('b', 'c'), origin)).isEmpty();
    assertThat(plane.query("SELECT last_used_at FROM api_key_uses WHERE key_id = 'of-old'"))
        .isEmpty();
    keys.writeUses(jdbi);
    assertThat(plane.query("SELECT last_used_at FROM api_key_uses WHERE key_id = 'of-old'"))
        .isNotEmpty();
    assertThat(
            json(plane.call("GET", "/api/v1/keys/of-old", plane.admin(), null)).has("last_used_at"))
        .isTrue();
    // Known keys work on while the database is away, until they expire.
    KeyDirectory later = new KeyDirectory(Clock.offset(Clock.systemUTC(), Duration.ofDays(3)));
    String ending = plane.newKey("viewer", "[\"" + OWN + "\"]", "[]").get("id").asText();
    plane.sql(
        "UPDATE api_keys SET expires_at = now() + interval '2 days' WHERE id IN ('of-old', '"
            + ending
            + "')");
    keys.refresh(jdbi);
    later.refresh(jdbi);
    assertThat(keys.authenticate(token, origin)).isPresent();
    assertThat(later.authenticate(token, origin)).isEmpty();
    plane.sql("UPDATE api_keys SET revoked_at = now() WHERE id = 'of-old'");
  }
}
