package io.llmtrace.policies.usage;

import java.math.BigDecimal;
import org.jspecify.annotations.Nullable;

/**
 * What a model costs from a day on, as somebody said at the control plane. Amounts are US dollars
 * for a million tokens.
 *
 * @param id a ULID
 * @param tenant for whom; null for everybody who has none of their own
 * @param provider value of the {@code provider} label
 * @param model name, or its beginning and a {@code *}
 * @param cachedInput null: as {@code input}
 * @param cacheWrite null: as {@code input}
 * @param upToPromptTokens a longer prompt has no known cost; null: any length
 * @param validFrom ISO day (UTC) from which it holds
 * @param validUntil ISO day (UTC) from which it holds no more; null: until further notice
 * @param source where it can be checked
 * @param revision of its last change
 */
public record PriceOverride(
    String id,
    @Nullable String tenant,
    String provider,
    String model,
    BigDecimal input,
    @Nullable BigDecimal cachedInput,
    @Nullable BigDecimal cacheWrite,
    BigDecimal output,
    @Nullable Long upToPromptTokens,
    String validFrom,
    @Nullable String validUntil,
    String source,
    long revision) {}
