package io.llmtrace.controlplane.otlp;

import io.llmtrace.controlplane.access.TenantScope;
import io.llmtrace.controlplane.prices.StoredPrices;
import io.llmtrace.policies.usage.Price;
import io.llmtrace.policies.usage.PriceOverrides;
import io.llmtrace.policies.usage.PriceTable;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.function.Supplier;

/** Prices with those that people said, read again once a minute. Thread-safe. */
final class PriceBook implements Supplier<PriceTable> {
  private static final Duration FRESH = Duration.ofMinutes(1);

  private final PriceTable listed;
  private final StoredPrices stored;
  private final Clock clock;
  private PriceTable all;
  private long revision;
  private Instant readAt = Instant.MIN;

  PriceBook(List<Price> file, StoredPrices stored, Clock clock) {
    this.listed = PriceTable.with(file);
    this.stored = stored;
    this.clock = clock;
    this.all = listed;
  }

  @Override
  public synchronized PriceTable get() {
    Instant now = clock.instant();
    if (readAt.plus(FRESH).isBefore(now)) {
      PriceOverrides changed = stored.unless(revision, TenantScope.all());
      if (changed != null) {
        revision = changed.revision();
        all = listed.with(changed);
      }
      readAt = now;
    }
    return all;
  }
}
