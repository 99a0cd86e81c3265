package io.llmtrace.controlplane.oidc;

import static io.llmtrace.controlplane.TestControlPlane.FOREIGN;
import static io.llmtrace.controlplane.TestControlPlane.OWN;
import static io.llmtrace.controlplane.TestControlPlane.json;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import com.sun.net.httpserver.HttpServer;
import io.llmtrace.controlplane.ControlPlane;
import io.llmtrace.controlplane.TestControlPlane;
import io.llmtrace.runtime.config.DatabaseConfig;
import io.llmtrace.runtime.config.LlmtraceConfig;
import io.llmtrace.runtime.config.OidcConfig;
import io.llmtrace.runtime.config.OidcConfig.PersonRole;
import io.llmtrace.runtime.config.Secret;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(TestControlPlane.Extension.class)
class OidcOnTheApiTest {
  @Test
  @SuppressWarnings("try")
  void peopleComeWithTokensBesideKeys(TestControlPlane plane, @TempDir Path directory)
      throws Exception {
    RSAKey key = new RSAKeyGenerator(2048).keyID("k").generate();
    byte[] keys = new JWKSet(key.toPublicJWK()).toString().getBytes(StandardCharsets.UTF_8);
    HttpServer provider =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    provider.createContext(
        "/keys",
        exchange -> {
          exchange.sendResponseHeaders(200, keys.length);
          exchange.getResponseBody().write(keys);
          exchange.close();
        });
    provider.start();
    String issuer = "http://127.0.0.1:" + provider.getAddress().getPort();
    LlmtraceConfig base = LlmtraceConfig.defaults();
    LlmtraceConfig config =
        base.withControlPlane(
            base.controlPlane()
                .withPorts(0, 0)
                .withDataDirectory(directory)
                .withDatabase(new DatabaseConfig(Secret.of(plane.url()), null, null, 3))
                .withOidc(
                    new OidcConfig(
                        URI.create(issuer),
                        "llmtrace",
                        URI.create(issuer + "/keys"),
                        "roles",
                        "tenants",
                        Map.of("team-leads", PersonRole.ADMIN))));
    SignedJWT token =
        new SignedJWT(
            new JWSHeader.Builder(JWSAlgorithm.RS256).keyID("k").build(),
            new JWTClaimsSet.Builder()
                .issuer(issuer)
                .audience("llmtrace")
                .subject("zoe")
                .expirationTime(Date.from(Instant.now().plusSeconds(300)))
                .claim("roles", List.of("team-leads"))
                .claim("tenants", List.of(OWN))
                .build());
    token.sign(new RSASSASigner(key));
    String zoe = token.serialize();
    try (ControlPlane service = ControlPlane.start(config)) {
      for (int i = 0;
          i < 1_200 && plane.call(service, "GET", "/readyz", "", null).statusCode() != 200;
          i++) {
        Thread.sleep(100);
      }
      JsonNode me = json(plane.call(service, "GET", "/api/v1/me", zoe, null));
      assertThat(me.get("id").asText()).isEqualTo("zoe");
      assertThat(me.get("kind").asText()).isEqualTo("oidc");
      assertThat(me.at("/permissions/keys:write/0").asText()).isEqualTo(OWN);
      String body = "{\"name\":\"by zoe\",\"role\":\"viewer\",\"tenants\":[\"%s\"]}";
      JsonNode made = json(plane.call(service, "POST", "/api/v1/keys", zoe, body.formatted(OWN)));
      assertThat(made.get("created_by").asText()).isEqualTo("oidc:zoe");
      assertThat(
              plane
                  .call(service, "POST", "/api/v1/keys", zoe, body.formatted(FOREIGN))
                  .statusCode())
          .isEqualTo(403);
      assertThat(
              plane.query(
                  "SELECT actor FROM audit WHERE target = 'key:" + made.get("id").asText() + "'"))
          .isEqualTo("oidc:zoe");
      assertThat(plane.call(service, "GET", "/api/v1/me", plane.admin(), null).statusCode())
          .isEqualTo(200);
      // A control plane without a provider knows no tokens.
      assertThat(plane.call("GET", "/api/v1/me", zoe, null).statusCode()).isEqualTo(401);
    } finally {
      provider.stop(0);
    }
  }
}
