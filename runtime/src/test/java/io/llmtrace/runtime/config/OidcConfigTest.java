package io.llmtrace.runtime.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.llmtrace.runtime.config.OidcConfig.PersonRole;
import java.net.URI;
import java.util.Map;
import org.junit.jupiter.api.Test;

class OidcConfigTest {
  @Test
  void aProviderIsRead() throws Exception {
    OidcConfig oidc =
        read(
            """
            control_plane:
              oidc:
                issuer: https://login.example/realms/acme
                audience: llmtrace
                claims: {roles: realm_access.roles}
                role_map: {llmtrace-admins: admin, sec: analyst}
            """);
    assertThat(oidc)
        .isEqualTo(
            new OidcConfig(
                URI.create("https://login.example/realms/acme"),
                "llmtrace",
                null,
                "realm_access.roles",
                "tenants",
                Map.of("llmtrace-admins", PersonRole.ADMIN, "sec", PersonRole.ANALYST)));
    assertThat(read("control_plane:\n  port: 1\n")).isNull();
    assertThat(read("control_plane:\n  oidc:\n")).isNull();
  }

  @Test
  void whatWouldLetInStrangersIsRefused() {
    assertThatThrownBy(() -> read("control_plane: {oidc: {issuer: http://login.example}}"))
        .hasMessageContaining("control_plane.oidc.issuer: expected an https:// address")
        .hasMessageContaining("control_plane.oidc.audience: expected what stands in the tokens'")
        .hasMessageContaining("control_plane.oidc.role_map: expected at least one");
    assertThatThrownBy(
            () ->
                read(
                    "control_plane: {oidc: {issuer: https://l.example, audience: a, jwks_url:"
                        + " http://k.example, role_map: {x: instance}}}"))
        .hasMessageContaining("control_plane.oidc.jwks_url: expected an https:// address")
        .hasMessageContaining(
            "role_map.x: expected one of admin, operator, analyst, viewer, was \"instance\"");
    assertThatThrownBy(
            () -> read("control_plane: {oidc: {audience: a, role_map: {x: viewer}, algs: none}}"))
        .hasMessageContaining("oidc.issuer: expected an https:// address")
        .hasMessageContaining("oidc.algs: unknown key");
  }

  @Test
  void plainHttpIsForThisHostOnly() {
    for (String good : new String[] {"https://a.example", "http://127.0.0.1:1/x", "http://[::1]"}) {
      assertThat(OidcConfig.isGuarded(URI.create(good))).as(good).isTrue();
    }
    for (String bad :
        new String[] {
          "http://a.example", "http://127.0.0.1.example", "https://u@a.example", "file:///etc/x"
        }) {
      assertThat(OidcConfig.isGuarded(URI.create(bad))).as(bad).isFalse();
    }
  }

  private static OidcConfig read(String yaml) throws ConfigException {
    return ConfigFile.parse("f.yaml", yaml, Map.of(), ConfigFile.Role.BOTH).controlPlane().oidc();
  }
}
