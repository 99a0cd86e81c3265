package io.llmtrace.controlplane.query;

import io.llmtrace.policies.wire.Ulid;
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
  static final int WIDEST = 8;

  private static final Duration LONGEST = Duration.ofSeconds(3);

  private DayWalk() {}

  /**
   * Reads rows of some days.
   *
   * @param <T> rows
   */
  @FunctionalInterface
  public interface Reader<T> {
    /** Rows of these days in the list's order, at most this many. */
    List<T> read(Days days, int most);
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
      Handle handle, Bounds bounds, Order order, int wanted, Reader<T> reader) {
    List<Days> steps = steps(inOrder(Days.stored(handle), bounds, order), order);
    List<T> rows = new ArrayList<>();
    long until = System.nanoTime() + LONGEST.toNanos();
    int days = 0;
    for (Days step : steps) {
      if (days >= MOST_DAYS || (days > 0 && System.nanoTime() - until > 0)) {
        return new Found<>(rows, edge(step, order));
      }
      rows.addAll(reader.read(step, wanted + 1 - rows.size()));
      if (rows.size() > wanted) {
        return new Found<>(rows, null);
      }
      days += step.last().compareTo(step.first()) == 0 ? 1 : WIDEST;
    }
    return new Found<>(rows, null);
  }

  /** All days of a stretch, one by one. */
  public static List<Days> each(Handle handle, Bounds bounds, Order order) {
    return inOrder(Days.stored(handle), bounds, order).stream()
        .map(day -> new Days(day, day))
        .toList();
  }

  static List<LocalDate> inOrder(List<LocalDate> stored, Bounds bounds, Order order) {
    Days all = bounds.days();
    List<LocalDate> days = new ArrayList<>();
    for (LocalDate day : stored) {
      if (!day.isBefore(all.first()) && !day.isAfter(all.last())) {
        days.add(day);
      }
    }
    if (order == Order.NEWEST) {
      Collections.reverse(days);
    }
    return days;
  }

  /** A few single days, since most pages end there, then several at once. */
  static List<Days> steps(List<LocalDate> days, Order order) {
    List<Days> steps = new ArrayList<>();
    for (int i = 0; i < days.size(); ) {
      int width = i < 2 ? 1 : WIDEST;
      int end = Math.min(days.size(), i + width);
      LocalDate one = days.get(i);
      LocalDate other = days.get(end - 1);
      steps.add(order == Order.NEWEST ? new Days(other, one) : new Days(one, other));
      i = end;
    }
    return steps;
  }

  /** An id that no plugin makes: behind it in the order comes the step and what follows. */
  private static String edge(Days next, Order order) {
    LocalDate boundary = order == Order.NEWEST ? next.last().plusDays(1) : next.first();
    long millis = boundary.atStartOfDay(ZoneOffset.UTC).toInstant().toEpochMilli();
    return order == Order.NEWEST ? Ulid.of(millis, 0, 0) : Ulid.of(millis - 1, -1, -1);
  }
}
