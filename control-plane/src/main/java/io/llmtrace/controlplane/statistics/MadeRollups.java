package io.llmtrace.controlplane.statistics;

import io.llmtrace.controlplane.statistics.Measures.Sum;
import io.llmtrace.controlplane.storage.CopyInto;
import java.math.BigDecimal;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jdbi.v3.core.Handle;

/**
 * Writes sums as ingest and folding leave them, hour after hour, without a journal between: for
 * measurements with more exchanges than can be taken in. Not thread-safe.
 */
public final class MadeRollups {
  private static final CopyInto ROLLUPS =
      CopyInto.table(
          "rollups",
          List.of("dimension", "grain", "bucket", "tenant", "key", "key2", "cost_usd", "latency"),
          Arrays.stream(Sum.values()).map(Sum::column).toArray(String[]::new));

  /** Exchanges of one name: its hour and its day under way. Not thread-safe. */
  public static final class Series {
    private Measures hour = new Measures();
    private Measures day = new Measures();
    private long tenMillionths;

    private Series() {}

    /**
     * Counts an exchange that was answered.
     *
     * @param tenMillionths of a dollar
     */
    public void count(
        boolean flagged,
        boolean error,
        double latencyMs,
        long promptTokens,
        long completionTokens,
        long tenMillionths) {
      hour.add(Sum.EXCHANGES, 1);
      hour.add(Sum.REQUESTS, 1);
      hour.add(Sum.ERRORS, error ? 1 : 0);
      hour.add(Sum.PROMPT_TOKENS, promptTokens);
      hour.add(Sum.COMPLETION_TOKENS, completionTokens);
      hour.addLatency(latencyMs);
      this.tenMillionths += tenMillionths;
      if (flagged) {
        hour.add(Sum.FLAGGED, 1);
        hour.add(Sum.FINDINGS, 1);
      }
    }

    /** Counts a finding only, as the dimension of findings does. */
    public void countFinding() {
      hour.add(Sum.FINDINGS, 1);
    }

    private boolean used() {
      return hour.get(Sum.EXCHANGES) + hour.get(Sum.FINDINGS) > 0;
    }
  }

  private final Map<Cell, Series> all = new TreeMap<>(Cell.ORDER);

  /** The exchanges of a name; see {@link Dimension} for what key and key2 are. */
  public Series series(Dimension dimension, String tenant, String key, String key2) {
    return all.computeIfAbsent(new Cell(dimension, 0, tenant, key, key2), cell -> new Series());
  }

  /**
   * Writes what was counted since the last hour that ended.
   *
   * @param hour its start, epoch milliseconds
   * @param dayEnds whether the day's sums are written, too
   */
  public void endHour(Handle handle, long hour, boolean dayEnds) throws SQLException {
    List<Map.Entry<Cell, Measures>> hours = new ArrayList<>();
    all.forEach(
        (cell, series) -> {
          if (series.used()) {
            series.hour.addCost(BigDecimal.valueOf(series.tenMillionths, 7));
            series.tenMillionths = 0;
            hours.add(Map.entry(cell, series.hour));
            series.day.add(series.hour);
            series.hour = new Measures();
          }
        });
    write(handle, "hour", hour, hours);
    if (dayEnds) {
      write(
          handle,
          "day",
          Cell.dayOf(hour),
          all.entrySet().stream()
              .flatMap(
                  one -> {
                    Measures day = one.getValue().day;
                    one.getValue().day = new Measures();
                    return day.get(Sum.EXCHANGES) + day.get(Sum.FINDINGS) > 0
                        ? Stream.of(Map.entry(one.getKey(), day))
                        : Stream.empty();
                  })
              .toList());
    }
  }

  private static void write(
      Handle handle, String grain, long bucket, List<Map.Entry<Cell, Measures>> rows)
      throws SQLException {
    ROLLUPS.rows(
        handle,
        rows,
        (entry, row) -> {
          Cell cell = entry.getKey();
          row.text(cell.dimension().label())
              .text(grain)
              .instant(bucket)
              .text(cell.tenant())
              .text(cell.key())
              .text(cell.key2());
          entry.getValue().write(row);
        });
  }
}
