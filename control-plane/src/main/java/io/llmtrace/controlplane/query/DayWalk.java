package io.llmtrace.controlplane.query;

import io.llmtrace.policies.id.Ulid;
import java.time.Duration;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/**
 * Reads lists that lie in partitions by day, a few days at a time and in their order. One call
 * looks at a bounded number of days for a bounded time; where nothing was found so far, the next
 * call goes on.
 */
public final class DayWalk {
  /** Days with partitions that one call looks at. */
  public static final int MOST_DAYS = 32;

  /** Days that one statement reads, each of up to four partitions a table. */
  public static final int WIDEST = 8;

  private static final Duration LONGEST = Duration.ofSeconds(3);

  /** A statement that took longer had enough days. */
  private static final Duration QUICK = Duration.ofMillis(100);

  private DayWalk() {}

  /**
   * Reads rows of some days.
   *
   * @param <T> rows
   */
  @FunctionalInterface
  public interface Reader<T> {
    /** Rows of these days in the list's order, at most this many. */
    List<T> read(Handle handle, Days days, int most);
  }

  /**
   * What a walk found.
   *
   * @param rows at most one more than was wanted
   * @param edge where it stopped with days left: an id between the days it read and the others;
   *     null where it was full or came to the end
   */
  public record Found<T>(List<T> rows, @Nullable String edge) {}

  /** Walks until there is one row more than wanted. */
  public static <T> Found<T> walk(
      Reading reading, Bounds bounds, Order order, int wanted, Reader<T> reader) {
    List<LocalDate> days = days(reading, bounds, order);
    List<T> rows = new ArrayList<>();
    long start = System.nanoTime();
    int width = 1;
    for (int next = 0; next < days.size(); ) {
      long before = System.nanoTime();
      if (next >= MOST_DAYS || before - start > LONGEST.toNanos()) {
        return new Found<>(rows, edge(days.get(next), order));
      }
      int end = Math.min(days.size(), Math.min(MOST_DAYS, next + width));
      Days step = span(days.get(next), days.get(end - 1));
      int most = wanted + 1 - rows.size();
      rows.addAll(reading.run(handle -> reader.read(handle, step, most)));
      if (rows.size() > wanted) {
        return new Found<>(rows, null);
      }
      // Most pages end in their first days; where there is little, many are read at once.
      boolean quick = System.nanoTime() - before < QUICK.toNanos();
      width = quick ? Math.min(WIDEST, width * 2) : 1;
      next = end;
    }
    return new Found<>(rows, null);
  }

  /** The days of a stretch that may have rows, in this order. */
  public static List<LocalDate> days(Reading reading, Bounds bounds, Order order) {
    Days all = bounds.days();
    if (all.first().equals(all.last())) {
      return List.of(all.first());
    }
    List<LocalDate> days = new ArrayList<>();
    for (LocalDate day : reading.run(Days::stored)) {
      if (!day.isBefore(all.first()) && !day.isAfter(all.last())) {
        days.add(day);
      }
    }
    if (order == Order.NEWEST) {
      Collections.reverse(days);
    }
    return days;
  }

  private static Days span(LocalDate one, LocalDate other) {
    return one.isBefore(other) ? new Days(one, other) : new Days(other, one);
  }

  /** An id that no plugin makes: behind it in the order come this day and what follows. */
  private static String edge(LocalDate next, Order order) {
    LocalDate boundary = order == Order.NEWEST ? next.plusDays(1) : next;
    long millis = boundary.atStartOfDay(ZoneOffset.UTC).toInstant().toEpochMilli();
    return order == Order.NEWEST ? Ulid.of(millis, 0, 0) : Ulid.of(millis - 1, -1, -1);
  }
}
