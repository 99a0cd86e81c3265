package io.llmtrace.runtime.config;

/**
 * A key that a reader asked for: since what is asked for is what exists, these are the
 * configuration reference.
 *
 * @param path dotted, such as {@code plugin.budget_ms} or {@code limits[0].name}
 * @param type what the value is, with its bounds
 * @param fallback what holds where it is absent, as it would be written; empty for nothing
 */
record AskedKey(String path, String type, String fallback) {}
