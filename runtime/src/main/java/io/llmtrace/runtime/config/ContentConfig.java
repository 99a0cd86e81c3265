package io.llmtrace.runtime.config;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * {@code control_plane.content}: captured content.
 *
 * @param keyring file of the keys that encrypt it, made where there is none; {@code null} is a file
 *     in the data directory beside an embedded database, and no key at all beside any other
 * @param retentionDays days that content is kept, the day of the exchange included
 */
public record ContentConfig(@Nullable Path keyring, int retentionDays) {
  public static ContentConfig defaults() {
    return new ContentConfig(null, 7);
  }
}
