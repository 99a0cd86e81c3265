package io.llmtrace.runtime.config;

import org.jspecify.annotations.Nullable;

/**
 * {@code control_plane.database}: an own PostgreSQL, or the embedded one.
 *
 * @param url JDBC URL, a secret because its parameters may hold one; {@code null} means embedded
 * @param user {@code null} when the URL says it
 * @param password {@code null} when none is needed; a URL of the configuration never says it
 * @param poolSize connections held at most
 */
public record DatabaseConfig(
    @Nullable Secret url, @Nullable String user, @Nullable Secret password, int poolSize) {

  public static DatabaseConfig embedded() {
    return new DatabaseConfig(null, null, null, 10);
  }
}
