package io.llmtrace.controlplane.keys;

import io.llmtrace.controlplane.http.Problem;
import io.llmtrace.controlplane.keys.Keys.Role;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerRequestFilter;
import jakarta.ws.rs.container.PreMatching;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Asks for a key before anything under {@code /api/v1} is even looked up. Instance keys may send
 * telemetry and nothing else; only they may send it.
 */
@PreMatching
public final class BearerFilter implements ContainerRequestFilter {
  /** Request property with the caller's {@link Keys.Key}. */
  public static final String KEY = "llmtrace.key";

  private static final String SCHEME = "Bearer ";

  private final Keys keys;

  public BearerFilter(Keys keys) {
    this.keys = keys;
  }

  @Override
  public void filter(ContainerRequestContext request) {
    String path = request.getUriInfo().getPath();
    if (!path.equals("api") && !path.startsWith("api/")) {
      return;
    }
    Optional<Keys.Key> key = token(request).flatMap(keys::find);
    if (key.isEmpty()) {
      throw Problem.unauthorized();
    }
    boolean ingest = path.startsWith("api/v1/ingest/");
    if (ingest != (key.get().role() == Role.INSTANCE)) {
      throw Problem.of(403, "this key's role may not call " + "/" + path);
    }
    request.setProperty(KEY, key.get());
  }

  /** The bearer token of a request, if it carries one. */
  public static Optional<String> token(ContainerRequestContext request) {
    return token(request.getHeaderString("Authorization"));
  }

  /** The bearer token in an Authorization header. */
  public static Optional<String> token(@Nullable String header) {
    return header != null && header.regionMatches(true, 0, SCHEME, 0, SCHEME.length())
        ? Optional.of(header.substring(SCHEME.length()).strip())
        : Optional.empty();
  }
}
