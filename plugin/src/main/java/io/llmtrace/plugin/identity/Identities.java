package io.llmtrace.plugin.identity;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmtrace.plugin.conf.RouteConf;
import io.llmtrace.plugin.gateway.GatewayRequest;
import io.llmtrace.policies.json.WireJson;
import io.llmtrace.runtime.config.IdentityConfig;
import io.llmtrace.runtime.config.IdentitySource;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Tells whose an exchange is: what the route says, otherwise the first configured source that gives
 * a name. Thread-safe; microseconds, without I/O.
 *
 * <p>Nothing is authenticated here. A consumer was authenticated by the gateway; a token's
 * signature has to have been verified by it; a header is whatever the client says unless the
 * gateway sets it.
 */
public final class Identities {
  /** The tenant of an exchange that nothing else is known of. */
  public static final String DEFAULT_TENANT = "default";

  /** Names become labels, keys and rows: no spaces, no quotes, no control codes. */
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9._:@/+=|~-]{1,128}");

  /** A token longer than the headers that a gateway takes is none. */
  private static final int LONGEST_TOKEN = 16_384;

  private static final List<String> KEY_HEADERS =
      List.of("authorization", "x-api-key", "api-key", "x-goog-api-key");

  /** 64 bits: unlike for other keys, and no way back to a key that was drawn at random. */
  private static final int HASH_BYTES = 8;

  private final IdentityConfig config;
  private final MeterRegistry meters;

  public Identities(IdentityConfig config, MeterRegistry meters) {
    this.config = config;
    this.meters = meters;
  }

  /** Whose a request is. */
  public Identity of(GatewayRequest request) {
    RouteConf conf = request.conf();
    String tenant =
        conf.given().contains("tenant")
            ? conf.tenant()
            : first(config.tenant(), "tenant", request, conf.tenant());
    String agent =
        conf.agent().isEmpty() ? first(config.agent(), "agent", request, "") : conf.agent();
    return new Identity(tenant, agent);
  }

  private String first(
      List<IdentitySource> sources, String field, GatewayRequest request, String otherwise) {
    for (IdentitySource source : sources) {
      String name = name(source, request);
      if (name == null || name.isEmpty()) {
        continue;
      }
      if (NAME.matcher(name).matches()) {
        return name;
      }
      ignored(field, source);
    }
    return otherwise;
  }

  private void ignored(String field, IdentitySource source) {
    Counter.builder("llmtrace_plugin_identity_ignored")
        .description("Names of tenants and agents that were too long or had forbidden characters")
        .tag("field", field)
        .tag("source", source.text())
        .register(meters)
        .increment();
  }

  private static @Nullable String name(IdentitySource source, GatewayRequest request) {
    if (source instanceof IdentitySource.Consumer) {
      return request.consumer();
    }
    if (source instanceof IdentitySource.Header header) {
      return request.headers().get(header.name());
    }
    if (source instanceof IdentitySource.Claim claim) {
      return claim(request.headers().get(claim.header()), claim.name());
    }
    return keyHash(request);
  }

  /** {@code key-} and the first 16 hex digits of the SHA-256 of the key alone, without a scheme. */
  private static @Nullable String keyHash(GatewayRequest request) {
    for (String name : KEY_HEADERS) {
      String value = request.headers().get(name);
      if (value != null && !value.isBlank()) {
        byte[] digest = sha256(credential(value).getBytes(StandardCharsets.UTF_8));
        return "key-" + HexFormat.of().formatHex(digest, 0, HASH_BYTES);
      }
    }
    return null;
  }

  /** What stands behind a scheme such as {@code Bearer}. */
  private static String credential(String header) {
    String trimmed = header.strip();
    return trimmed.substring(trimmed.lastIndexOf(' ') + 1);
  }

  private static @Nullable String claim(@Nullable String header, String claim) {
    if (header == null || header.length() > LONGEST_TOKEN) {
      return null;
    }
    String stripped = header.strip();
    boolean scheme = stripped.toLowerCase(Locale.ROOT).startsWith("bearer ");
    String[] parts = (scheme ? credential(stripped) : stripped).split("\\.", -1);
    if (parts.length != 3) {
      return null;
    }
    try {
      JsonNode claims = WireJson.mapper().readTree(Base64.getUrlDecoder().decode(parts[1]));
      JsonNode value = claims.path(claim);
      return value.isTextual() || value.isIntegralNumber() ? value.asText() : null;
    } catch (IllegalArgumentException | IOException e) {
      // No token: an opaque key stands in the same header, and that is no fault of anybody's.
      return null;
    }
  }

  private static byte[] sha256(byte[] bytes) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(bytes);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
