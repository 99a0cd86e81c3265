package io.llmtrace.cli.up;

import io.llmtrace.cli.stack.UpstreamUrl;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;

/**
 * What {@code up} was told.
 *
 * @param port of the gateway on loopback; 0 for a free one
 * @param ca certificates that the upstream's must come from, instead of the JDK's
 * @param config what the user configured
 * @param data where everything is kept
 */
record UpSettings(
    UpstreamUrl upstream,
    int port,
    Optional<Path> ca,
    Enforcement enforcement,
    Optional<Path> config,
    Path data) {

  /** What becomes of a request that the policy would block. */
  enum Enforcement {
    /** It passes and is recorded. */
    OBSERVE,
    /** It is answered with an error of the caller's API. */
    ERROR,
    /** It is answered as if the model had declined. */
    REFUSAL,
    /** It is answered 403. */
    FORBIDDEN;

    /** The plugin's settings for the route. */
    String conf() {
      return this == OBSERVE
          ? "{\"mode\":\"observe\"}"
          : "{\"mode\":\"enforce\",\"block_style\":\"" + name().toLowerCase(Locale.ROOT) + "\"}";
    }
  }
}
