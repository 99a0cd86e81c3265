package io.llmtrace.policies.limit;

import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What has been spent, to be kept over a restart. Immutable.
 *
 * @param at when it was taken, epoch milliseconds
 */
public record SpendSnapshot(long at, List<Entry> entries) {
  public SpendSnapshot {
    entries = List.copyOf(entries);
  }

  /**
   * One window of one key.
   *
   * @param limit name of the limit
   * @param by what it counted by
   * @param key values in the order of {@code by}; null for what is counted together because there
   *     were too many keys
   * @param window the window
   * @param spent billionths of a dollar by the epoch millisecond at which they began to be spent
   */
  public record Entry(
      String limit,
      Set<Dimension> by,
      @Nullable List<String> key,
      Window window,
      Map<Long, Long> spent) {}
}
