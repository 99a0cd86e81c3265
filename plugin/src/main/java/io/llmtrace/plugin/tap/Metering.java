package io.llmtrace.plugin.tap;

import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.exchange.AnswerReader;
import io.llmtrace.policies.exchange.Api;
import io.llmtrace.policies.exchange.Dialects;
import io.llmtrace.policies.exchange.Exchange;
import io.llmtrace.policies.exchange.ResponseSummary;
import io.llmtrace.policies.exchange.Usage;
import io.llmtrace.policies.usage.MeteredUsage;
import io.llmtrace.policies.usage.PriceTable;
import io.llmtrace.policies.usage.Priced;
import io.llmtrace.policies.usage.PricedBy;
import io.llmtrace.policies.usage.Prompt;
import io.llmtrace.policies.usage.UsageSource;
import io.micrometer.core.instrument.MeterRegistry;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** What an exchange used, cost, and how long its stream let wait. Thread-safe. */
final class Metering {
  /** A tokenizer takes less than one for all that a log holds, unless the text was made for it. */
  private static final long COUNT_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

  private static final int ERRORS = 400;

  private final Supplier<PriceTable> prices;
  private final MeterRegistry meters;

  Metering(Supplier<PriceTable> prices, MeterRegistry meters) {
    this.prices = prices;
    this.meters = meters;
  }

  /**
   * What there is to know; null what is not known.
   *
   * @param firstTokenMs until the head of a streamed answer came from the provider
   */
  record Metered(
      @Nullable Usage usage,
      @Nullable UsageSource source,
      @Nullable Double firstTokenMs,
      @Nullable BigDecimal costUsd,
      @Nullable PricedBy price) {
    /** Of an exchange for which no provider was asked. */
    static final Metered NOTHING = new Metered(null, null, null, null, null);
  }

  /**
   * Measures an exchange that a provider answered.
   *
   * @param api what it is written in, as far as that is known
   * @param tenant whose it is: prices may be
   * @param prompt what is remembered of the request, or null
   */
  Metered of(
      LogEntry entry, Api api, ResponseSummary summary, String tenant, @Nullable Prompt prompt) {
    if (summary.truncated()) {
      meters.counter("llmtrace.plugin.answers.truncated").increment();
    }
    String provider = prompt == null ? provider(entry, api) : prompt.provider();
    String model = model(provider, summary, prompt);
    Optional<MeteredUsage> usage = usage(entry, api, summary, prompt, provider, model);
    meters
        .counter(
            "llmtrace.plugin.tap.usage",
            "source",
            usage.map(known -> known.source().label()).orElse("none"))
        .increment();
    LocalDate day = Instant.ofEpochMilli(entry.startTime()).atOffset(ZoneOffset.UTC).toLocalDate();
    Optional<Priced> priced =
        usage.flatMap(known -> prices.get().cost(tenant, provider, model, day, known.usage()));
    return new Metered(
        usage.map(MeteredUsage::usage).orElse(null),
        usage.map(MeteredUsage::source).orElse(null),
        entry.isStream() ? entry.upstreamHeaderMs() : null,
        priced.map(Priced::usd).orElse(null),
        priced.map(Priced::by).orElse(null));
  }

  private static Optional<MeteredUsage> usage(
      LogEntry entry,
      Api api,
      ResponseSummary summary,
      @Nullable Prompt prompt,
      String provider,
      String model) {
    Usage reported = summary.usage();
    // Of an error nothing is charged unless it says so; of a client that hung up there is no text.
    boolean countable = entry.status() < ERRORS && !entry.responseBody().isBlank();
    if (reported == null && !countable) {
      return Optional.empty();
    }
    return MeteredUsage.of(
        new MeteredUsage.Observed(
            reported,
            !summary.truncated(),
            provider,
            model,
            () -> AnswerReader.read(api, entry.responseBody()),
            summary.truncated() ? share(entry) : 1),
        prompt,
        InspectionBudget.until(System.nanoTime() + COUNT_NANOS));
  }

  /** The gateway counts what it sent, with its head, and logs so much of the body. */
  private static double share(LogEntry entry) {
    long logged = entry.responseBody().getBytes(StandardCharsets.UTF_8).length;
    return logged == 0 ? 1 : Math.max(1, (double) entry.responseSize() / logged);
  }

  private static String provider(LogEntry entry, Api api) {
    return Dialects.provider(api, entry.method(), entry.path(), entry.requestHeaders());
  }

  /** The answer knows best what it was made with; Bedrock charges by the id that was asked for. */
  private static String model(String provider, ResponseSummary summary, @Nullable Prompt prompt) {
    String asked = prompt == null ? Exchange.UNKNOWN_MODEL : prompt.model();
    String answered = summary.model();
    return answered == null || provider.equals("bedrock") ? asked : answered;
  }
}
