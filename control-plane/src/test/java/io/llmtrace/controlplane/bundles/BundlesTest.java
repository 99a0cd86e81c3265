package io.llmtrace.controlplane.bundles;

import static io.llmtrace.controlplane.TestControlPlane.FOREIGN;
import static io.llmtrace.controlplane.TestControlPlane.OWN;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmtrace.controlplane.TestControlPlane;
import io.llmtrace.controlplane.access.TenantScope;
import io.llmtrace.controlplane.policies.StoredPolicies;
import io.llmtrace.policies.bundle.Bundle;
import io.llmtrace.policies.bundle.SignedBundle;
import io.llmtrace.policies.id.Ulid;
import io.llmtrace.runtime.config.Secret;
import jakarta.ws.rs.WebApplicationException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.security.KeyPairGenerator;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.zip.GZIPInputStream;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(TestControlPlane.Extension.class)
class BundlesTest {
  private final HttpClient client = HttpClient.newHttpClient();
  private final String name = "p-" + new Ulid().next().toLowerCase(java.util.Locale.ROOT);
  private final String node = "n-" + name;

  private TestControlPlane plane;
  private StoredPolicies policies;
  private String key;

  @BeforeEach
  void aKey(TestControlPlane given) throws Exception {
    plane = given;
    policies = new StoredPolicies(given);
    key = given.key("instance", OWN);
  }

  /** An answer with its bundle, which is null without one. */
  private record Answer(int status, String etag, Bundle bundle) {}

  private HttpRequest request(String key, String node, String query, String etag) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(
                URI.create(
                    "http://127.0.0.1:"
                        + plane.service().port()
                        + "/api/v1/ingest/bundle?node="
                        + node
                        + query))
            .header("Authorization", "Bearer " + key);
    if (etag != null) {
      request.header("If-None-Match", etag);
    }
    return request.build();
  }

  private Answer read(HttpResponse<byte[]> answer) {
    try {
      return new Answer(
          answer.statusCode(),
          answer.headers().firstValue("ETag").orElse(null),
          answer.statusCode() == 200 ? SignedBundle.open(answer.body(), List.of(pinned())) : null);
    } catch (Exception e) {
      throw new AssertionError("a bundle cannot be opened", e);
    }
  }

  private String pinned() throws Exception {
    return Files.readString(plane.directory().resolve("policy-signing.pub"))
        .replaceAll("-----[A-Z ]+-----|\n", "");
  }

  private Answer ask(String key, String node, String query, String etag) throws Exception {
    return read(
        client.send(request(key, node, query, etag), HttpResponse.BodyHandlers.ofByteArray()));
  }

  private Answer ask(String query, String etag) throws Exception {
    return ask(key, node, query, etag);
  }

  private CompletableFuture<Answer> wait(String etag, int seconds) {
    return client
        .sendAsync(
            request(key, node, "&wait_seconds=" + seconds, etag),
            HttpResponse.BodyHandlers.ofByteArray())
        .thenApply(this::read);
  }

  /** Versions of the test's policy in a bundle, each with its role. */
  private List<String> versions(Bundle bundle) {
    List<String> versions = new ArrayList<>();
    for (Bundle.Entry entry : bundle.content().policies()) {
      if (entry.name().equals(name)) {
        assertThat(entry.policy().metadata().description()).isEqualTo("version " + entry.version());
        versions.add(entry.version() + " " + entry.role());
      }
    }
    return versions;
  }

  @Test
  void whatHoldsIsGivenOnceUnderANumberThatGrows() throws Exception {
    String policy = policies.put(OWN, name, 2);
    Answer before = ask("", null);
    assertThat(versions(before.bundle())).isEmpty();
    assertThat(before.bundle().node()).isEqualTo(node);
    assertThat(before.bundle().revision()).isGreaterThan(1_700_000_000_000L);
    assertThat(before.bundle().notAfter() - before.bundle().issuedAt())
        .isEqualTo(Duration.ofDays(30).toMillis());
    assertThat(before.bundle().keys()).containsExactly(pinned());
    assertThat(before.etag())
        .isEqualTo(
            "\"%d-%s\""
                .formatted(
                    before.bundle().revision(), SignedBundle.digest(before.bundle().content())));
    assertThat(ask("", before.etag()).status()).isEqualTo(304);

    policies.stand(policy, 1, null, null, null);
    Answer first = ask("", before.etag());
    assertThat(versions(first.bundle())).containsExactly("1 ACTIVE");
    assertThat(first.bundle().revision()).isGreaterThan(before.bundle().revision());
    policies.stand(policy, 2, null, null, 1);
    Answer second = ask("", first.etag());
    assertThat(versions(second.bundle())).containsExactly("2 ACTIVE", "1 SHADOW");
    // Back to what it was before is another bundle all the same.
    policies.stand(policy, 1, null, null, null);
    Answer third = ask("", second.etag());
    assertThat(versions(third.bundle())).containsExactly("1 ACTIVE");
    assertThat(third.bundle().content()).isEqualTo(first.bundle().content());
    assertThat(third.bundle().revision()).isGreaterThan(second.bundle().revision());
    assertThat(ask("", first.etag()).bundle().revision()).isEqualTo(third.bundle().revision());
    // Other tests give bundles meanwhile; the newest is never older than ours.
    assertThat(
            TestControlPlane.json(plane.call("GET", "/health", plane.admin(), null))
                .path("bundle")
                .path("revision")
                .asLong())
        .isGreaterThanOrEqualTo(third.bundle().revision());
  }

  @Test
  void aRequestWaitsForAChangeThatConcernsIt() throws Exception {
    String policy = policies.put(OWN, name, 1);
    String foreign = policies.put(FOREIGN, name, 1);
    String etag = ask("", null).etag();
    long start = System.nanoTime();
    assertThat(ask("&wait_seconds=1", etag).status()).isEqualTo(304);
    assertThat(Duration.ofNanos(System.nanoTime() - start))
        .isBetween(Duration.ofMillis(900), Duration.ofSeconds(15));

    CompletableFuture<Answer> waiting = wait(etag, 60);
    policies.stand(foreign, 1, null, null, null);
    assertThat(waiting)
        .as("another tenant's policy is no news")
        .satisfies(each -> Thread.sleep(600))
        .isNotDone();
    start = System.nanoTime();
    policies.stand(policy, 1, null, null, null);
    Answer changed = waiting.get(40, TimeUnit.SECONDS);
    assertThat(Duration.ofNanos(System.nanoTime() - start))
        .as("long before the wait would have ended")
        .isLessThan(Duration.ofSeconds(30));
    assertThat(versions(changed.bundle())).containsExactly("1 ACTIVE");
  }

  @Test
  void aKeyThatIsTakenBackGetsNothingMore() throws Exception {
    var own = plane.newKey("instance", "[\"" + OWN + "\"]", "[]");
    key = own.path("key").asText();
    String policy = policies.put(OWN, name, 1);
    String etag = ask("", null).etag();
    CompletableFuture<Answer> waiting = wait(etag, 60);
    assertThat(
            plane
                .call(
                    "POST",
                    "/api/v1/keys/" + own.path("id").asText() + "/revoke",
                    plane.admin(),
                    "{}")
                .statusCode())
        .isEqualTo(200);
    policies.stand(policy, 1, null, null, null);
    assertThat(waiting.get(40, TimeUnit.SECONDS).status()).isEqualTo(401);
  }

  @Test
  void aRolloutReachesInstancesByLabelOrByPart() throws Exception {
    String policy = policies.put(OWN, name, 2);
    policies.stand(policy, 1, 2, "{\"labels\":{\"env\":\"canary\"}}", null);
    assertThat(versions(ask("", null).bundle())).containsExactly("1 ACTIVE");
    assertThat(versions(ask("&label=env:canary&label=zone:a", null).bundle()))
        .containsExactly("2 ACTIVE");
    assertThat(versions(ask("&label=env:prod", null).bundle())).containsExactly("1 ACTIVE");

    List<String> few = having2(policy, 20);
    List<String> more = having2(policy, 60);
    assertThat(few.size()).isBetween(1, 25);
    assertThat(more.size()).isBetween(20, 45);
    // Who has it keeps it when the part grows.
    assertThat(more).containsAll(few);
  }

  private List<String> having2(String policy, int percent) throws Exception {
    policies.stand(policy, 1, 2, "{\"percent\":" + percent + "}", null);
    List<String> having = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      String one = node + "-" + i;
      if (versions(ask(key, one, "", null).bundle()).equals(List.of("2 ACTIVE"))) {
        having.add(one);
      }
    }
    return having;
  }

  @Test
  void anInstanceNeverSeesAnotherTenantsPolicies() throws Exception {
    String own = policies.put(OWN, name, 1);
    String foreign = policies.put(FOREIGN, name, 2);
    String all = policies.put(null, name, 3);
    policies.stand(own, 1, null, null, null);
    policies.stand(foreign, 2, null, null, null);
    policies.stand(all, 3, null, null, null);
    Bundle bundle = ask("", null).bundle();
    assertThat(bundle.content().policies()).extracting(Bundle.Entry::tenant).isSubsetOf(null, OWN);
    assertThat(versions(bundle)).containsExactly("3 ACTIVE", "1 ACTIVE");
    Answer ofAll = ask(plane.key("instance", "*"), node, "", null);
    assertThat(versions(ofAll.bundle())).containsExactly("3 ACTIVE", "1 ACTIVE", "2 ACTIVE");
    // The same name with another key has its own numbers: one does not make the other start anew.
    assertThat(ask("", null).bundle().revision()).isEqualTo(bundle.revision());
    assertThat(ofAll.bundle().revision()).isNotEqualTo(bundle.revision());
    policies.stand(all, null, null, null, null);
  }

  @Test
  void whatAnInstanceRunsAndRefusesIsShown() throws Exception {
    String policy = policies.put(OWN, name, 1);
    Answer first = ask("&label=env:canary", null);
    HttpResponse<String> reported =
        plane.call(
            "POST",
            "/api/v1/ingest/snapshots",
            key,
            "{\"node\":\"%s\",\"boot_id\":\"b\",\"at\":1,\"version\":\"1\",\"started_at\":1,"
                    .formatted(node)
                + "\"breakers\":{},\"active_connections\":0,\"models\":{},\"bundle_revision\":0,"
                + "\"spool_bytes\":0,\"routes\":[],\"problems\":[]}");
    assertThat(reported.statusCode()).as(reported.body()).isBetween(200, 299);
    assertThat(shown().path("behind_for_ms").isNumber()).isTrue();
    assertThat(shown().path("labels").path("env").asText()).isEqualTo("canary");

    Answer unused = ask("&label=env:canary", first.etag());
    assertThat(shown().path("running_revision").asLong()).isEqualTo(first.bundle().revision());
    assertThat(shown().path("behind_for_ms").isNull()).isTrue();

    policies.stand(policy, 1, null, null, null);
    // The same name with another key hides nothing.
    unused = ask(plane.key("instance", FOREIGN), node, "", null);
    HttpResponse<String> both = plane.call("GET", "/api/v1/instances/" + node, plane.admin(), null);
    assertThat(TestControlPlane.json(both).path("bundle").path("tenants").toString())
        .isEqualTo("[\"" + FOREIGN + "\"]");
    JsonNode others = TestControlPlane.json(both).path("other_bundles");
    assertThat(others).hasSize(1);
    assertThat(others.get(0).path("running_revision").asLong())
        .isEqualTo(first.bundle().revision());

    Answer second = ask("", first.etag());
    unused =
        ask(
            "&refused=signature&refused_revision=%d&refused_detail=wrong%%20key"
                .formatted(second.bundle().revision()),
            first.etag());
    JsonNode refused = shown();
    assertThat(refused.path("wanted_revision").asLong()).isEqualTo(second.bundle().revision());
    assertThat(refused.path("running_revision").asLong()).isEqualTo(first.bundle().revision());
    assertThat(refused.path("refused").path("reason").asText()).isEqualTo("signature");
    assertThat(refused.path("refused").path("detail").asText()).isEqualTo("wrong key");
    String numbers =
        plane
            .call(
                "GET",
                "/api/v1/policies/bundles/" + second.bundle().revision(),
                plane.admin(),
                null)
            .body();
    assertThat(numbers).contains("\"node\":\"" + node, policy, "\"role\":\"active\"");
    unused = ask("", second.etag());
    assertThat(shown().has("refused")).isFalse();

    // It does not ask at the moment; what it should have is looked at all the same.
    policies.stand(policy, null, null, null, null);
    bundles(Jdbi.create(plane.url()), List.of(), Duration.ZERO).look();
    assertThat(shown().path("wanted_revision").isNull()).isTrue();
    assertThat(shown().path("behind_for_ms").isNumber()).isTrue();
  }

  private JsonNode shown() throws Exception {
    return TestControlPlane.json(
            plane.call("GET", "/api/v1/instances/" + node, plane.admin(), null))
        .path("bundle");
  }

  @Test
  void aChangeOfKeysOrAnOlderDatabaseIsANewRevision() throws Exception {
    Jdbi jdbi = Jdbi.create(plane.url());
    Secret one = Secret.of(pem());
    Secret two = Secret.of(pem());
    Bundles before = bundles(jdbi, List.of(one), Duration.ZERO);
    Poll poll = new Poll(node, TenantScope.of(OWN), Map.of(), null, null);
    Bundles.Wanted first = before.wanted(poll);
    assertThat(before.wanted(poll).tag()).isEqualTo(first.tag());

    Bundles after = bundles(jdbi, List.of(one, two), Duration.ZERO);
    Bundles.Wanted second = after.wanted(poll);
    assertThat(second.tag().revision()).isGreaterThan(first.tag().revision());
    assertThat(second.tag().digest()).isEqualTo(first.tag().digest());
    Bundle sealed =
        SignedBundle.open(
            after.sealed(poll, second), List.of(after.keyring().keys().get(0).publicBase64()));
    assertThat(sealed.keys()).hasSize(2).contains(after.keyring().keys().get(1).publicBase64());
    // Which of the same keys signs is no change, and two replicas do not take turns.
    assertThat(bundles(jdbi, List.of(two, one), Duration.ZERO).wanted(poll).tag())
        .isEqualTo(second.tag());
    assertThat(bundles(jdbi, List.of(one), Duration.ofMinutes(1)).wanted(poll).tag())
        .isEqualTo(second.tag());

    Tag ahead = new Tag(second.tag().revision() + 5, second.tag().digest());
    Poll restored = new Poll(node, TenantScope.of(OWN), Map.of(), ahead, null);
    assertThat(after.wanted(restored).tag().revision()).isGreaterThan(second.tag().revision());
  }

  @Test
  void anInstanceThatLostItsBundleIsGivenANewNumber() throws Exception {
    Jdbi jdbi = Jdbi.create(plane.url());
    List<Secret> keys = List.of(Secret.of(pem()));
    Bundles bundles = bundles(jdbi, keys, Duration.ZERO);
    Poll without = new Poll(node, TenantScope.of(OWN), Map.of(), null, null);
    long had = bundles.wanted(without).tag().revision();
    assertThat(bundles.wanted(without).tag().revision()).isEqualTo(had);
    Poll refuses = refusing("revision", had);
    assertThat(bundles.wanted(refusing("signature", had)).tag().revision()).isEqualTo(had);
    assertThat(bundles.wanted(refusing("revision", had - 1)).tag().revision()).isEqualTo(had);
    // Not again and again: a number stays for its time.
    assertThat(bundles(jdbi, keys, Duration.ofMinutes(1)).wanted(refuses).tag().revision())
        .isEqualTo(had);
    long given = bundles.wanted(refuses).tag().revision();
    assertThat(given).isGreaterThan(had);
    // It is told of the refusal until the new one is in force.
    assertThat(bundles.wanted(refuses).tag().revision()).isEqualTo(given);
  }

  @Test
  void aKeyCannotMakeUpNamesForEver() throws Exception {
    Jdbi jdbi = Jdbi.create(plane.url());
    String tenant = "t-" + name;
    Bundles bundles = bundles(jdbi, List.of(Secret.of(pem())), Duration.ZERO);
    Poll known = new Poll(node, TenantScope.of(tenant), Map.of(), null, null);
    Poll other = new Poll(node + "-other", TenantScope.of(tenant), Map.of(), null, null);
    Bundles.Wanted unused = bundles.wanted(known);
    try {
      jdbi.useHandle(
          handle ->
              handle.execute(
                  "INSERT INTO bundle_nodes (node, scope, labels, running_revision, seen_at)"
                      + " SELECT ? || i, ?, '{}', 0, now() FROM generate_series(1, 1999) i",
                  node,
                  known.scope()));
      assertThatThrownBy(() -> bundles.wanted(other))
          .isInstanceOfSatisfying(
              WebApplicationException.class,
              e -> assertThat(e.getResponse().getStatus()).isEqualTo(429))
          .hasMessageContaining("2000 names");
      unused = bundles.wanted(known);
      unused = bundles.wanted(new Poll(other.node(), TenantScope.of(OWN), Map.of(), null, null));
      jdbi.useHandle(
          handle ->
              handle.execute(
                  "UPDATE bundle_nodes SET seen_at = now() - interval '25 hours' WHERE node = ?",
                  node + 1));
      unused = bundles.wanted(other);
    } finally {
      jdbi.useHandle(
          handle -> handle.execute("DELETE FROM bundle_nodes WHERE scope = ?", known.scope()));
    }
  }

  private Poll refusing(String reason, long revision) {
    return new Poll(
        node, TenantScope.of(OWN), Map.of(), null, new Poll.Refusal(reason, revision, ""));
  }

  @Test
  void aDatabaseThatWasSetBackIsBelieved() throws Exception {
    Jdbi jdbi = Jdbi.create(plane.url());
    Bundles bundles = bundles(jdbi, List.of(Secret.of(pem())), Duration.ZERO);
    Poll poll = new Poll(node, TenantScope.of(OWN), Map.of(), null, null);
    String policy = policies.put(OWN, name, 2);
    policies.stand(policy, 2, null, null, null);
    String digest = bundles.wanted(poll).tag().digest();
    long version = bundles.live().version();
    try {
      // As it was before version 2, which is then made anew and says something else.
      jdbi.useHandle(
          handle -> {
            handle.execute(
                "UPDATE policy_versions SET created_at = created_at + interval '1 second',"
                    + " compiled = replace(compiled, 'version 2', 'version two')"
                    + " WHERE policy = ? AND version = 2",
                policy);
            handle.execute("UPDATE policy_changes SET version = version - 1");
          });
      assertThat(bundles.live().version()).isEqualTo(version - 1);
      Bundles.Wanted back = bundles.wanted(poll);
      assertThat(back.tag().digest()).isNotEqualTo(digest);
      assertThat(back.content().content().policies())
          .filteredOn(entry -> entry.name().equals(name))
          .extracting(entry -> entry.policy().metadata().description())
          .containsExactly("version two");
    } finally {
      jdbi.useHandle(handle -> handle.execute("UPDATE policy_changes SET version = version + 2"));
      policies.stand(policy, null, null, null, null);
    }
  }

  private Bundles bundles(Jdbi jdbi, List<Secret> keys, Duration settled) throws Exception {
    return new Bundles(
        () -> jdbi,
        BundleKeyring.load(keys, plane.directory()),
        java.time.Clock.systemUTC(),
        settled);
  }

  private static String pem() throws Exception {
    byte[] key =
        KeyPairGenerator.getInstance("Ed25519").generateKeyPair().getPrivate().getEncoded();
    return "-----BEGIN PRIVATE KEY-----\n"
        + java.util.Base64.getMimeEncoder().encodeToString(key)
        + "\n-----END PRIVATE KEY-----\n";
  }

  @Test
  void aBundleIsZippedForWhoCanUnzip() throws Exception {
    HttpRequest zipped =
        HttpRequest.newBuilder(request(key, node, "", null), (name, value) -> true)
            .header("Accept-Encoding", "gzip")
            .build();
    HttpResponse<java.io.InputStream> answer =
        client.send(zipped, HttpResponse.BodyHandlers.ofInputStream());
    assertThat(answer.headers().firstValue("Content-Encoding")).hasValue("gzip");
    assertThat(answer.headers().firstValue("Content-Type")).hasValue(SignedBundle.MEDIA_TYPE);
    try (GZIPInputStream in = new GZIPInputStream(answer.body())) {
      assertThat(SignedBundle.open(in.readAllBytes(), List.of(pinned())).node()).isEqualTo(node);
    }
  }

  @Test
  void whatIsWrongIsSaid() throws Exception {
    for (String query :
        List.of(
            "&wait_seconds=61",
            "&wait_seconds=-1",
            "&label=x",
            "&label=:x",
            "&label=a:b&label=a:c",
            "&refused=No!",
            "&refused=signature&refused_revision=x",
            "&no_such=1")) {
      HttpResponse<byte[]> answer =
          client.send(request(key, node, query, null), HttpResponse.BodyHandlers.ofByteArray());
      assertThat(answer.statusCode()).as(query).isEqualTo(400);
      assertThat(new String(answer.body(), java.nio.charset.StandardCharsets.UTF_8))
          .contains(query.substring(1, 4));
    }
    assertThat(
            client
                .send(request(key, "", "", null), HttpResponse.BodyHandlers.ofByteArray())
                .statusCode())
        .isEqualTo(400);
  }
}
