package io.llmtrace.controlplane.policies;

import io.llmtrace.controlplane.http.Problem;
import java.util.Locale;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/**
 * How much bundles carry at most: a bundle that is too large would be refused by every instance.
 *
 * @param tenant whose; null is everybody's
 * @param own bytes of compiled policies of the tenant
 * @param every bytes of all compiled policies
 */
record BundleSize(@Nullable String tenant, long own, long every) {
  private static final long MOST_OWN = 4L << 20;

  /** Below {@code SignedBundle.LARGEST}, with room for what else a bundle says. */
  private static final long MOST = 24L << 20;

  /** As it is in this transaction. Whoever compares two holds {@link PolicyStore#lock}. */
  static BundleSize of(Handle handle, @Nullable String tenant) {
    return handle
        .createQuery("SELECT own, every FROM llmtrace_policy_bytes(CAST(:tenant AS text))")
        .bind("tenant", tenant)
        .map((row, context) -> new BundleSize(tenant, row.getLong("own"), row.getLong("every")))
        .one();
  }

  /**
   * Refuses what is too large, unless it is no larger than it was.
   *
   * @throws jakarta.ws.rs.WebApplicationException 409
   */
  void require(BundleSize before) {
    if (own > MOST_OWN && own > before.own()) {
      throw Problem.of(
          409,
          String.format(
              Locale.ROOT,
              "the policies of %s that hold would have %.1f MiB when compiled, expected at most %d"
                  + " MiB: deactivate others or end their shadows first, or write shorter lists",
              tenant == null ? "everybody" : "tenant " + tenant,
              own / (double) (1 << 20),
              MOST_OWN >> 20));
    }
    if (every > MOST && every > before.every()) {
      throw Problem.of(
          409,
          "all policies of this installation that hold would have more than "
              + (MOST >> 20)
              + " MiB together when compiled, which is the most that a bundle carries: deactivate"
              + " others or end their shadows first, or write shorter lists");
    }
  }
}
