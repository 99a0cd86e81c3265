package io.llmtrace.plugin.identity;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmtrace.plugin.conf.RouteConf;
import io.llmtrace.plugin.conf.RouteConfReader;
import io.llmtrace.plugin.gateway.GatewayRequest;
import io.llmtrace.policies.exchange.BodyBytes;
import io.llmtrace.runtime.config.IdentityConfig;
import io.llmtrace.runtime.config.IdentitySource;
import io.llmtrace.runtime.config.IdentitySource.Claim;
import io.llmtrace.runtime.config.IdentitySource.Consumer;
import io.llmtrace.runtime.config.IdentitySource.Header;
import io.llmtrace.runtime.config.IdentitySource.KeyHash;
import io.llmtrace.runtime.config.OnUninspectable;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.StringLength;
import org.junit.jupiter.api.Test;

class IdentitiesTest {
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();

  @Test
  void without_sources_an_exchange_is_the_default_tenants_whatever_a_client_says() {
    assertThat(of(List.of(), "{}", "alice", Map.of("x-tenant", "acme")))
        .isEqualTo(new Identity("default", ""));
  }

  @Test
  void the_first_source_that_gives_a_name_wins() {
    List<IdentitySource> sources = List.of(new Header("x-tenant"), new Consumer());
    assertThat(of(sources, "{}", "alice", Map.of("x-tenant", "acme")).tenant()).isEqualTo("acme");
    assertThat(of(sources, "{}", "alice", Map.of()).tenant()).isEqualTo("alice");
    assertThat(of(sources, "{}", "", Map.of()).tenant()).isEqualTo("default");
  }

  @Test
  void what_the_route_says_is_stronger() {
    Identity identity =
        of(
            List.of(new Header("x-tenant")),
            "{\"tenant\":\"fixed\",\"agent\":\"bot\"}",
            "",
            Map.of("x-tenant", "forged"));
    assertThat(identity).isEqualTo(new Identity("fixed", "bot"));
  }

  @Test
  void a_name_with_forbidden_characters_or_too_long_is_ignored_and_counted() {
    List<IdentitySource> sources = List.of(new Header("x-tenant"), new Consumer());
    for (String bad : List.of("a b", "a\"b", "ä", "x".repeat(129), "a\nb")) {
      assertThat(of(sources, "{}", "alice", Map.of("x-tenant", bad)).tenant()).isEqualTo("alice");
    }
    assertThat(
            meters
                .counter(
                    "llmtrace_plugin_identity_ignored",
                    "field",
                    "tenant",
                    "source",
                    "header:x-tenant")
                .count())
        .isEqualTo(5);
  }

  @Test
  void a_key_is_told_by_its_hash_whatever_header_holds_it_and_never_shown() {
    List<IdentitySource> sources = List.of(new KeyHash());
    // printf %s not-a-real-key | sha256sum | cut -c1-16
    String hash = of(sources, "{}", "", Map.of("x-api-key", "not-a-real-key")).tenant();
    assertThat(hash).matches("key-[0-9a-f]{16}");
    for (Map<String, String> headers :
        List.of(
            Map.of("authorization", "Bearer not-a-real-key"),
            Map.of("authorization", "not-a-real-key"),
            Map.of("api-key", "not-a-real-key"),
            Map.of("x-goog-api-key", "not-a-real-key"))) {
      assertThat(of(sources, "{}", "", headers).tenant()).isEqualTo(hash);
    }
    assertThat(of(sources, "{}", "", Map.of("x-api-key", "another")).tenant()).isNotEqualTo(hash);
    assertThat(of(sources, "{}", "", Map.of()).tenant()).isEqualTo("default");
  }

  @Test
  void the_hash_is_the_one_that_an_operator_computes() {
    // SHA-256 of "abc" (FIPS 180-4, example 1) begins so.
    assertThat(of(List.of(new KeyHash()), "{}", "", Map.of("x-api-key", "abc")).tenant())
        .isEqualTo("key-ba7816bf8f01cfea");
  }

  @Test
  void a_claim_of_a_token() {
    List<IdentitySource> sources =
        List.of(new Claim("https://acme.example/tenant", "authorization"), new Claim("n", "x-at"));
    String claims = "{\"https://acme.example/tenant\":\"acme\",\"n\":12,\"o\":{\"n\":1}}";
    assertThat(of(sources, "{}", "", Map.of("authorization", "Bearer " + token(claims))).tenant())
        .isEqualTo("acme");
    assertThat(of(sources, "{}", "", Map.of("x-at", token(claims))).tenant()).isEqualTo("12");
    assertThat(
            of(List.of(new Claim("o", "x-at")), "{}", "", Map.of("x-at", token(claims))).tenant())
        .as("an object is no name")
        .isEqualTo("default");
  }

  @Property(tries = 500)
  void nothing_in_a_header_makes_it_fail(@ForAll @StringLength(max = 300) String text) {
    Claim claim = new Claim("sub", "authorization");
    for (String header : List.of(text, "Bearer " + text, "Bearer a." + text + ".c", token(text))) {
      assertThat(of(List.of(claim, new KeyHash()), "{}", "", Map.of("authorization", header)))
          .isNotNull();
    }
  }

  private static String token(String claims) {
    return "e30."
        + Base64.getUrlEncoder()
            .withoutPadding()
            .encodeToString(claims.getBytes(StandardCharsets.UTF_8))
        + ".c2ln";
  }

  private Identity of(
      List<IdentitySource> tenant, String conf, String consumer, Map<String, String> headers) {
    RouteConf route =
        new RouteConfReader(150, OnUninspectable.PASS)
            .read(List.of(Map.entry(RouteConf.CONF_NAME, conf)));
    GatewayRequest request =
        new GatewayRequest(
            route,
            "POST",
            "/",
            headers,
            BodyBytes.NONE,
            GatewayRequest.BodyState.READ,
            0,
            "r",
            consumer,
            "",
            "127.0.0.1",
            0);
    return new Identities(new IdentityConfig(tenant, List.of()), meters).of(request);
  }
}
