package io.llmtrace.policies.usage;

import org.jspecify.annotations.Nullable;

/**
 * The price that a cost was made with.
 *
 * @param source {@code built_in}, {@code file} or {@code stored}
 * @param validFrom ISO day from which it holds, or as of which it is known
 * @param id of a stored price; else null
 * @param revision of a stored price; else null
 */
public record PricedBy(
    String source, String validFrom, @Nullable String id, @Nullable Long revision) {}
