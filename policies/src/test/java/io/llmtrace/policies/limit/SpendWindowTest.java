package io.llmtrace.policies.limit;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class SpendWindowTest {
  private static final long HOUR = Window.HOUR.length().toNanos();

  private record Booking(long at, long amount) {}

  @Property(tries = 300)
  void sums_what_a_window_holds_and_at_most_one_step_more(
      @ForAll @Size(max = 100) List<@LongRange(min = 0, max = 20_000_000_000_000L) Long> draws) {
    SpendWindow window = new SpendWindow(Window.HOUR, 0);
    long step = Window.HOUR.bucketNanos();
    List<Booking> all = new ArrayList<>();
    long now = 0;
    for (long draw : draws) {
      now += draw % (HOUR / 3);
      Booking booking = new Booking(now, draw % 1_000);
      window.add(booking.amount(), now);
      all.add(booking);
      assertThat(window.sum(now)).isBetween(since(all, now - HOUR), since(all, now - HOUR - step));
    }
  }

  private static long since(List<Booking> all, long from) {
    return all.stream().filter(b -> b.at() > from).mapToLong(Booking::amount).sum();
  }

  @Property(tries = 100)
  void what_was_kept_is_the_same_to_a_process_that_begins_later(
      @ForAll @Size(max = 50) List<@LongRange(min = 0, max = 20_000_000_000_000L) Long> draws,
      @ForAll @LongRange(max = 7_200_000_000_000L) long away) {
    SpendWindow before = new SpendWindow(Window.HOUR, 0);
    long now = 0;
    for (long draw : draws) {
      now += draw % (HOUR / 3);
      before.add(draw % 1_000, now);
    }
    long began = now + away;
    SpendWindow after = new SpendWindow(Window.HOUR, began);
    before.amounts(now).forEach((at, amount) -> after.restore(amount, at, began));
    assertThat(after.sum(began)).isEqualTo(before.sum(began));
    assertThat(after.sum(began + HOUR / 2)).isEqualTo(before.sum(began + HOUR / 2));
  }

  @Test
  void forgets_all_after_a_long_time_and_holds_what_comes_then() {
    SpendWindow window = new SpendWindow(Window.HOUR, 0);
    window.add(5, 0);
    assertThat(window.sum(100 * HOUR)).isZero();
    window.add(7, 100 * HOUR);
    assertThat(window.sum(100 * HOUR)).isEqualTo(7);
  }

  @Test
  void amounts_from_the_future_count_as_of_now() {
    SpendWindow window = new SpendWindow(Window.HOUR, 0);
    window.restore(5, 50 * HOUR, 0);
    assertThat(window.sum(0)).isEqualTo(5);
    assertThat(window.sum(2 * HOUR)).isZero();
  }

  @Test
  void does_not_run_over() {
    SpendWindow window = new SpendWindow(Window.HOUR, 0);
    window.add(Long.MAX_VALUE, 0);
    window.add(Long.MAX_VALUE, 0);
    assertThat(window.sum(0)).isEqualTo(Long.MAX_VALUE);
  }
}
