package io.llmtrace.runtime.config;

import io.llmtrace.runtime.config.OidcConfig.PersonRole;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Reads {@code control_plane.oidc}. Stateless. */
final class OidcReader {
  private static final String ADDRESS =
      "an https:// address without user or fragment (http:// on loopback only)";

  private OidcReader() {}

  /** The section, or null where there is none. */
  static @Nullable OidcConfig read(ConfigSection parent) {
    ConfigSection section = parent.section("oidc");
    if (section.keys().isEmpty()) {
      return null;
    }
    @Nullable URI issuer = address(section, "issuer");
    @Nullable URI jwks = address(section, "jwks_url");
    @Nullable String audience = section.optionalString("audience");
    ConfigSection claims = section.section("claims");
    String roles = claim(claims, "roles", "roles");
    String tenants = claim(claims, "tenants", "tenants");
    claims.finish();
    ConfigSection map = section.section("role_map");
    Map<String, PersonRole> roleMap = new LinkedHashMap<>();
    for (String value : map.keys()) {
      roleMap.put(value, map.choice(value, PersonRole.class, PersonRole.VIEWER));
    }
    map.finish();
    if (issuer == null && !section.has("issuer")) {
      section.problem("issuer", "expected " + ADDRESS + ", was absent");
    }
    if (audience == null) {
      // A token for another service would be let in.
      section.problem("audience", "expected what stands in the tokens' aud, was absent");
    }
    if (roleMap.isEmpty()) {
      section.problem(
          "role_map", "expected at least one value of the roles claim with its role, was absent");
    }
    section.finish();
    return issuer == null || audience == null
        ? null
        : new OidcConfig(issuer, audience, jwks, roles, tenants, roleMap);
  }

  private static String claim(ConfigSection claims, String key, String fallback) {
    return claims.string(
        key,
        fallback,
        "a claim such as groups or realm_access.roles",
        name -> name.length() <= 200 && !name.isBlank());
  }

  private static @Nullable URI address(ConfigSection section, String key) {
    @Nullable String text = section.optionalString(key);
    if (text == null) {
      return null;
    }
    try {
      URI uri = new URI(text);
      if (OidcConfig.isGuarded(uri)) {
        return uri;
      }
    } catch (URISyntaxException e) {
      section.problem(key, "expected " + ADDRESS + ", but " + e.getReason());
      return null;
    }
    section.problem(key, "expected " + ADDRESS);
    return null;
  }
}
