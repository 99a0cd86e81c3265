package io.llmtrace.runtime.config;

import java.net.URI;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * {@code control_plane.oidc}: tokens of an identity provider, beside API keys.
 *
 * @param issuer as it stands in {@code iss}, character for character; https, or http on loopback
 * @param audience what must stand in {@code aud}
 * @param jwksUrl where the keys are; {@code null} asks the issuer's discovery document
 * @param rolesClaim claim with one text or a list; dots step into objects
 * @param tenantsClaim the same, with tenants, or {@code *} for all
 * @param roleMap roles by value of the claim; other values give nothing
 */
public record OidcConfig(
    URI issuer,
    String audience,
    @Nullable URI jwksUrl,
    String rolesClaim,
    String tenantsClaim,
    Map<String, PersonRole> roleMap) {

  /** Roles that people may have; keys of instances are never given by a token. */
  public enum PersonRole {
    ADMIN,
    OPERATOR,
    ANALYST,
    VIEWER
  }

  public OidcConfig {
    roleMap = Map.copyOf(new LinkedHashMap<>(roleMap));
  }

  /**
   * Whether keys may be fetched from an address: by https, or on this host. What came over plain
   * http from elsewhere could be anybody's.
   */
  public static boolean isGuarded(URI uri) {
    @Nullable String host = uri.getHost();
    return host != null
        && uri.getUserInfo() == null
        && uri.getFragment() == null
        && ("https".equals(uri.getScheme())
            || ("http".equals(uri.getScheme())
                && (host.equals("[::1]") || BindAddress.isLoopback(host))));
  }
}
