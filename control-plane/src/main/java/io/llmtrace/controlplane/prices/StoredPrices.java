package io.llmtrace.controlplane.prices;

import io.llmtrace.controlplane.access.TenantScope;
import io.llmtrace.policies.usage.PriceOverride;
import io.llmtrace.policies.usage.PriceOverrides;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.function.Supplier;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.statement.Query;
import org.jspecify.annotations.Nullable;

/** Prices that somebody said, for plugins. Thread-safe. */
public final class StoredPrices {
  static final String SELECT =
      "SELECT id, tenant, provider, model, input, cached_input, cache_write, output,"
          + " up_to_prompt_tokens, CAST(valid_from AS text) AS valid_from,"
          + " CAST(valid_until AS text) AS valid_until, source, revision FROM price_overrides";

  private final Supplier<Jdbi> jdbi;

  public StoredPrices(Supplier<Jdbi> jdbi) {
    this.jdbi = jdbi;
  }

  /**
   * All that concern some tenants, or null where they are those of a revision.
   *
   * @param held revision that is known already; 0 for none
   */
  public @Nullable PriceOverrides unless(long held, TenantScope tenants) {
    List<PriceOverride> prices = jdbi.get().withHandle(handle -> all(handle, tenants));
    long revision = revision(prices);
    return revision == held ? null : new PriceOverrides(revision, prices);
  }

  private static List<PriceOverride> all(Handle handle, TenantScope tenants) {
    boolean some = tenants instanceof TenantScope.Only;
    Query query =
        handle.createQuery(
            SELECT + (some ? " WHERE tenant IS NULL OR tenant = ANY(:own)" : "") + " ORDER BY id");
    if (tenants instanceof TenantScope.Only only) {
      query.bindArray("own", String.class, only.tenants());
    }
    return query.map((row, context) -> of(row)).list();
  }

  /** The same for the same prices, whoever is asked; 0 for none. */
  static long revision(List<PriceOverride> prices) {
    long sum = 0;
    for (PriceOverride each : prices) {
      sum = sum * 31 + each.id().hashCode() * 1_000_003L + each.revision();
    }
    return prices.isEmpty() ? 0 : Math.max(1, sum & Long.MAX_VALUE);
  }

  static PriceOverride of(ResultSet row) throws SQLException {
    long longest = row.getLong("up_to_prompt_tokens");
    Long upTo = row.wasNull() ? null : Long.valueOf(longest);
    return new PriceOverride(
        row.getString("id"),
        row.getString("tenant"),
        row.getString("provider"),
        row.getString("model"),
        row.getBigDecimal("input"),
        row.getBigDecimal("cached_input"),
        row.getBigDecimal("cache_write"),
        row.getBigDecimal("output"),
        upTo,
        row.getString("valid_from"),
        row.getString("valid_until"),
        row.getString("source"),
        row.getLong("revision"));
  }
}
