package io.llmtrace.controlplane.oidc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSSigner;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.PlainJWT;
import com.nimbusds.jwt.SignedJWT;
import com.sun.net.httpserver.HttpServer;
import io.llmtrace.controlplane.access.Caller;
import io.llmtrace.controlplane.access.Origin;
import io.llmtrace.controlplane.access.Permission;
import io.llmtrace.controlplane.access.Role;
import io.llmtrace.controlplane.access.TenantScope;
import io.llmtrace.runtime.config.OidcConfig;
import io.llmtrace.runtime.config.OidcConfig.PersonRole;
import jakarta.ws.rs.WebApplicationException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class OidcAuthenticatorTest {
  private static final Origin ORIGIN = new Origin("127.0.0.1", "", "r");
  private static final AtomicInteger fetches = new AtomicInteger();
  private static final CountDownLatch done = new CountDownLatch(1);
  private static HttpServer provider;
  private static ExecutorService threads;
  private static String issuer;
  private static RSAKey rsa;
  private static ECKey ec;
  private static OidcAuthenticator oidc;

  @BeforeAll
  static void startAProvider() throws Exception {
    rsa = new RSAKeyGenerator(2048).keyID("rsa-1").generate();
    ec = new ECKeyGenerator(Curve.P_256).keyID("ec-1").generate();
    provider = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    issuer = "http://127.0.0.1:" + provider.getAddress().getPort() + "/realm";
    String keys = new JWKSet(List.of(rsa.toPublicJWK(), ec.toPublicJWK())).toString();
    serve("/realm/keys", 200, keys);
    serve(
        "/realm/.well-known/openid-configuration",
        200,
        "{\"issuer\":\"%s\",\"jwks_uri\":\"%s/keys\"}".formatted(issuer, issuer));
    serve("/liar/.well-known/openid-configuration", 200, "{\"issuer\":\"" + issuer + "\"}");
    serve(
        "/far/.well-known/openid-configuration",
        200,
        "{\"issuer\":\"%s\",\"jwks_uri\":\"http://keys.example/\"}"
            .formatted(issuer.replace("/realm", "/far")));
    serve("/long", 200, " ".repeat(600 << 10) + keys);
    provider.createContext(
        "/elsewhere",
        exchange -> {
          exchange.getResponseHeaders().add("Location", issuer + "/keys");
          exchange.sendResponseHeaders(302, -1);
          exchange.close();
        });
    provider.createContext(
        "/silent",
        exchange -> {
          try {
            done.await();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        });
    threads = Executors.newCachedThreadPool();
    provider.setExecutor(threads);
    provider.start();
    oidc = authenticator(null, UnaryOperator.identity());
  }

  private static void serve(String path, int status, String body) {
    provider.createContext(
        path,
        exchange -> {
          fetches.incrementAndGet();
          byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(status, bytes.length);
          exchange.getResponseBody().write(bytes);
          exchange.close();
        });
  }

  @AfterAll
  static void stop() {
    done.countDown();
    provider.stop(0);
    threads.shutdownNow();
  }

  private static OidcAuthenticator authenticator(String jwks, UnaryOperator<TenantScope> active) {
    return authenticator(jwks, active, GuardedFetch.WHOLE);
  }

  private static OidcAuthenticator authenticator(
      String jwks, UnaryOperator<TenantScope> active, Duration whole) {
    return new OidcAuthenticator(
        new OidcConfig(
            URI.create(issuer),
            "llmtrace",
            jwks == null ? null : URI.create(issuer.replace("/realm", jwks)),
            "realm_access.roles",
            "tenants",
            Map.of("bosses", PersonRole.ADMIN, "sec", PersonRole.ANALYST)),
        active,
        new GuardedFetch(whole));
  }

  private static JWTClaimsSet.Builder good() {
    return new JWTClaimsSet.Builder()
        .issuer(issuer)
        .audience(List.of("other", "llmtrace"))
        .subject("zoe")
        .expirationTime(in(300))
        .claim("realm_access", Map.of("roles", List.of("sec", "unknown")))
        .claim("tenants", List.of("acme", "bad tenant"));
  }

  private static Date in(int seconds) {
    return Date.from(Instant.now().plusSeconds(seconds));
  }

  private static String signed(JWTClaimsSet.Builder claims) throws Exception {
    return signed(new JWSHeader.Builder(JWSAlgorithm.RS256).keyID("rsa-1").build(), claims);
  }

  private static String signed(JWSHeader header, JWTClaimsSet.Builder claims) throws Exception {
    return signed(header, claims, new RSASSASigner(rsa));
  }

  private static String signed(JWSHeader header, JWTClaimsSet.Builder claims, JWSSigner signer)
      throws Exception {
    SignedJWT token = new SignedJWT(header, claims.build());
    token.sign(signer);
    return token.serialize();
  }

  private static Optional<Caller> ask(String token) {
    assertThat(oidc.knows(token)).isTrue();
    return oidc.authenticate(token, ORIGIN);
  }

  @Test
  void claimsBecomeRolesForTenants() throws Exception {
    Caller caller = ask(signed(good())).orElseThrow();
    assertThat(caller.actor()).isEqualTo("oidc:zoe");
    assertThat(caller.tenants(Permission.FINDINGS_WRITE)).isEqualTo(TenantScope.of("acme"));
    assertThat(caller.tenants(Permission.KEYS_WRITE).isEmpty()).isTrue();

    Caller boss =
        ask(signed(good().claim("realm_access.roles", "bosses").claim("tenants", "*")))
            .orElseThrow();
    assertThat(boss.may(Permission.TENANTS_WRITE, TenantScope.all())).isTrue();

    for (JWTClaimsSet.Builder nothing :
        List.of(
            good().claim("tenants", null),
            good().claim("tenants", Map.of("acme", true)),
            good().claim("realm_access", "sec"),
            good().claim("realm_access", Map.of("roles", List.of("admin", "instance"))))) {
      assertThat(ask(signed(nothing)).orElseThrow().permissions()).isEmpty();
    }
    oidc = authenticator(null, scope -> TenantScope.none());
    try {
      assertThat(ask(signed(good())).orElseThrow().permissions()).isEmpty();
    } finally {
      oidc = authenticator(null, UnaryOperator.identity());
    }
  }

  @Test
  void ellipticCurvesAndAccessTokensAreTaken() throws Exception {
    JWSHeader es =
        new JWSHeader.Builder(JWSAlgorithm.ES256)
            .keyID("ec-1")
            .type(new JOSEObjectType("at+jwt"))
            .build();
    assertThat(ask(signed(es, good(), new ECDSASigner(ec)))).isPresent();
  }

  @Test
  void tokensForOthersOfOthersAndOfOtherTimesAreRefused() throws Exception {
    for (JWTClaimsSet.Builder bad :
        List.of(
            good().audience("somebody-else"),
            good().audience(List.of()),
            good().issuer(issuer + "/"),
            good().issuer(null),
            good().subject(null),
            good().subject(" "),
            good().expirationTime(null),
            good().expirationTime(in(-90)),
            good().notBeforeTime(in(90)))) {
      assertThat(ask(signed(bad))).as(bad.build().toString()).isEmpty();
    }
    // Clocks may differ by a minute.
    assertThat(ask(signed(good().expirationTime(in(-30))))).isPresent();
    assertThat(ask(signed(good().notBeforeTime(in(30))))).isPresent();
  }

  @Test
  void unsignedSharedSecretAndOtherAlgorithmsAreRefused() throws Exception {
    assertThat(ask(new PlainJWT(good().build()).serialize())).isEmpty();
    // The public key as a shared secret: the classic confusion.
    JWSHeader hmac = new JWSHeader.Builder(JWSAlgorithm.HS256).keyID("rsa-1").build();
    assertThat(ask(signed(hmac, good(), new MACSigner(rsa.toRSAPublicKey().getEncoded()))))
        .isEmpty();
    for (JWSAlgorithm other : List.of(JWSAlgorithm.RS512, JWSAlgorithm.PS256)) {
      assertThat(ask(signed(new JWSHeader.Builder(other).keyID("rsa-1").build(), good())))
          .as(other.getName())
          .isEmpty();
    }
    JWSHeader typed =
        new JWSHeader.Builder(JWSAlgorithm.RS256)
            .keyID("rsa-1")
            .type(new JOSEObjectType("logout+jwt"))
            .build();
    assertThat(ask(signed(typed, good()))).isEmpty();
    String token = signed(good());
    String claims = token.split("\\.", -1)[1];
    String other = signed(good().subject("eve")).split("\\.", -1)[1];
    assertThat(ask(token.replace(claims, other))).isEmpty();
    RSAKey stranger = new RSAKeyGenerator(2048).keyID("rsa-1").generate();
    JWSHeader same = new JWSHeader.Builder(JWSAlgorithm.RS256).keyID("rsa-1").build();
    assertThat(ask(signed(same, good(), new RSASSASigner(stranger)))).isEmpty();
    for (String none : List.of("a.b", "a.b.c.d", "llmt_x", "", "a b.c.d", "é.b.c")) {
      assertThat(oidc.knows(none)).as(none).isFalse();
    }
  }

  @Test
  void unknownKeysAreAskedForAFewTimesAndNotForEachToken() throws Exception {
    assertThat(ask(signed(good()))).isPresent();
    RSAKey stranger = new RSAKeyGenerator(2048).keyID("made-up").generate();
    int before = fetches.get();
    for (int i = 0; i < 50; i++) {
      JWSHeader header = new JWSHeader.Builder(JWSAlgorithm.RS256).keyID("made-up-" + i).build();
      assertThat(ask(signed(header, good(), new RSASSASigner(stranger)))).isEmpty();
    }
    // Each refresh is two: the discovery document and the keys.
    assertThat(fetches.get() - before).isLessThanOrEqualTo(4);
    assertThat(ask(signed(good()))).isPresent();
  }

  @Test
  void keysAreFetchedFromTheIssuerAloneAndNotForEver() throws Exception {
    String token = signed(good());
    for (String source : List.of("/elsewhere", "/long", "/silent", "/nothing-here")) {
      long start = System.nanoTime();
      OidcAuthenticator broken =
          authenticator(source, UnaryOperator.identity(), Duration.ofSeconds(1));
      assertThatThrownBy(() -> broken.authenticate(token, ORIGIN))
          .as(source)
          .isInstanceOfSatisfying(
              WebApplicationException.class,
              e -> assertThat(e.getResponse().getStatus()).isEqualTo(503));
      assertThat(System.nanoTime() - start).isLessThan(30_000_000_000L);
    }
    for (String realm : List.of("/liar", "/far")) {
      OidcAuthenticator other =
          new OidcAuthenticator(
              new OidcConfig(
                  URI.create(issuer.replace("/realm", realm)),
                  "llmtrace",
                  null,
                  "roles",
                  "tenants",
                  Map.of("sec", PersonRole.ANALYST)),
              UnaryOperator.identity());
      assertThatThrownBy(() -> other.authenticate(token, ORIGIN))
          .as(realm)
          .isInstanceOf(WebApplicationException.class);
    }
  }

  @Test
  void theRolesOfPeopleAreRoles() {
    for (PersonRole role : PersonRole.values()) {
      assertThat(Role.valueOf(role.name())).isNotEqualTo(Role.INSTANCE);
    }
    assertThat(Role.values()).hasSize(PersonRole.values().length + 1);
  }
}
