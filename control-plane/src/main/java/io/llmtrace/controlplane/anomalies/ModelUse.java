package io.llmtrace.controlplane.anomalies;

import org.jspecify.annotations.Nullable;

/**
 * A model that a tenant uses these days, and what is known of the days before. Only what was
 * answered with tokens is use: a name that no provider knows is none.
 *
 * @param tenantSince first hour of the tenant within the weeks that are looked at
 * @param usedBefore last hour of the model before those that are looked at, within these weeks
 * @param first hour of use of those that are looked at
 * @param requests that were answered since then
 */
public record ModelUse(
    String tenant,
    String provider,
    String model,
    long tenantSince,
    @Nullable Long usedBefore,
    long first,
    long requests) {
  /** A tenant whose models are not known for this long has no usual ones. */
  public static final int LEAST_DAYS = 14;

  /** A request or two are somebody who tries. */
  public static final int LEAST_REQUESTS = 3;

  private static final int HOURS = 24;

  /** Whether the tenant used other models for long enough and this one not at all. */
  public boolean isUnusual() {
    return usedBefore == null
        && requests >= LEAST_REQUESTS
        && first - tenantSince >= LEAST_DAYS * HOURS;
  }
}
