package io.llmtrace.controlplane.oidc;

import com.fasterxml.jackson.databind.JsonNode;
import com.nimbusds.jose.KeySourceException;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.source.JWKSetCacheRefreshEvaluator;
import com.nimbusds.jose.jwk.source.JWKSetSource;
import com.nimbusds.jose.jwk.source.JWKSetUnavailableException;
import com.nimbusds.jose.proc.SecurityContext;
import io.llmtrace.policies.json.WireJson;
import io.llmtrace.runtime.config.OidcConfig;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.text.ParseException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Reads an issuer's public keys, anew with each call: caches and limits stand before it. */
final class ProviderKeys implements JWKSetSource<SecurityContext> {
  private static final Logger log = LoggerFactory.getLogger(ProviderKeys.class);
  private static final String DISCOVERY = "/.well-known/openid-configuration";

  private final OidcConfig config;
  private final GuardedFetch fetch;

  ProviderKeys(OidcConfig config, GuardedFetch fetch) {
    this.config = config;
    this.fetch = fetch;
  }

  @Override
  public JWKSet getJWKSet(
      JWKSetCacheRefreshEvaluator evaluator, long now, @Nullable SecurityContext context)
      throws KeySourceException {
    try {
      URI address = config.jwksUrl() == null ? discovered() : config.jwksUrl();
      return JWKSet.parse(new String(fetch.get(address), StandardCharsets.UTF_8)).toPublicJWKSet();
    } catch (IOException | ParseException e) {
      log.warn("The keys of {} cannot be read: {}", config.issuer(), e.toString());
      throw new JWKSetUnavailableException("the keys of the issuer cannot be read", e);
    }
  }

  private URI discovered() throws IOException {
    String issuer = config.issuer().toString();
    String base = issuer.endsWith("/") ? issuer.substring(0, issuer.length() - 1) : issuer;
    JsonNode document = WireJson.mapper().readTree(fetch.get(URI.create(base + DISCOVERY)));
    // The document must be about this issuer (OpenID Connect Discovery 1.0, 4.3).
    if (!document.path("issuer").asText().equals(issuer)) {
      throw new IOException("expected a discovery document of " + issuer);
    }
    try {
      return URI.create(document.path("jwks_uri").asText());
    } catch (IllegalArgumentException e) {
      throw new IOException("expected jwks_uri to be an address", e);
    }
  }

  @Override
  public void close() {}
}
