package io.llmtrace.policies.usage;

import java.time.LocalDate;
import org.jspecify.annotations.Nullable;

/**
 * A price in a table: where it stands, whom it is for, and when.
 *
 * @param tenant for whom; null for all
 * @param by how records name it
 * @param from from when it holds; null from ever
 * @param until from when it holds no more; null until further notice
 */
public record ListedPrice(
    Price price,
    @Nullable String tenant,
    PricedBy by,
    @Nullable LocalDate from,
    @Nullable LocalDate until) {

  /** A price that is shipped. */
  public static final String BUILT_IN = "built_in";

  /** A price of {@code llmtrace.yaml}. */
  public static final String FILE = "file";

  /** A price that somebody said at the control plane. */
  public static final String STORED = "stored";

  /** Whether it is for a tenant on a day. */
  public boolean isFor(String who, LocalDate day) {
    return (tenant == null || tenant.equals(who))
        && (from == null || !day.isBefore(from))
        && (until == null || day.isBefore(until));
  }

  /** Of two that match as well: what somebody said for a tenant, for all, in a file, and ours. */
  public int rank() {
    if (tenant != null) {
      return 0;
    }
    return switch (by.source()) {
      case STORED -> 1;
      case FILE -> 2;
      default -> 3;
    };
  }
}
