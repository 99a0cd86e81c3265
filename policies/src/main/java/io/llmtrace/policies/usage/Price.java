package io.llmtrace.policies.usage;

import java.math.BigDecimal;
import java.time.LocalDate;
import org.jspecify.annotations.Nullable;

/**
 * What a model costs, in US dollars for a million tokens.
 *
 * @param provider value of the {@code provider} label
 * @param model the name that it has without date and version; a {@code *} at its end stands for
 *     whatever follows
 * @param input of the prompt, for what no cache gave or took
 * @param cachedInput read from a cache; null where that costs as much as other input
 * @param cacheWrite written to a cache; null where that costs as much as other input
 * @param output of the answer, reasoning included
 * @param upToPromptTokens longest prompt that these prices are for, or null for any
 * @param asOf the day that the prices are known of
 * @param source where they can be checked
 */
public record Price(
    String provider,
    String model,
    BigDecimal input,
    @Nullable BigDecimal cachedInput,
    @Nullable BigDecimal cacheWrite,
    BigDecimal output,
    @Nullable Long upToPromptTokens,
    LocalDate asOf,
    String source) {}
