package io.llmtrace.controlplane.http;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Bearer tokens (RFC 6750). Stateless. */
public final class BearerToken {
  private static final String SCHEME = "Bearer ";

  private BearerToken() {}

  /** The token in an Authorization header. */
  public static Optional<String> of(@Nullable String header) {
    return header != null && header.regionMatches(true, 0, SCHEME, 0, SCHEME.length())
        ? Optional.of(header.substring(SCHEME.length()).strip())
        : Optional.empty();
  }
}
