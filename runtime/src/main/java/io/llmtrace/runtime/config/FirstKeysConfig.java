package io.llmtrace.runtime.config;

import org.jspecify.annotations.Nullable;

/**
 * {@code control_plane.first_keys}: the keys of a new installation, where somebody else makes them,
 * as a deployment does that hands the same key to control plane and plugin before either runs.
 *
 * @param admin for people; {@code null} makes one
 * @param instance for plugins; {@code null} makes one
 */
public record FirstKeysConfig(@Nullable Secret admin, @Nullable Secret instance) {
  public static FirstKeysConfig made() {
    return new FirstKeysConfig(null, null);
  }
}
