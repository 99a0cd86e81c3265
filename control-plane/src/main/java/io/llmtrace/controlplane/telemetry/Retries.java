package io.llmtrace.controlplane.telemetry;

import java.time.Duration;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Tries a call again as the OTLP specification says: what may heal, with growing pauses. */
final class Retries {
  /**
   * How one try ended.
   *
   * @param result of it
   * @param heals whether another try may end better
   * @param asked the pause that the receiver asked for, or null
   */
  record Try<T>(T result, boolean heals, @Nullable Duration asked) {}

  private static final Duration LONGEST = Duration.ofSeconds(30);

  private final int most;
  private final Duration first;
  private volatile boolean closed;

  /**
   * @param most tries
   * @param first pause, doubled each time
   */
  Retries(int most, Duration first) {
    this.most = most;
    this.first = first;
  }

  /** Runs until something will not heal, or there were enough tries, and gives the last result. */
  <T> T run(Supplier<Try<T>> call) {
    Duration pause = first;
    for (int i = 1; ; i++) {
      Try<T> ended = call.get();
      if (!ended.heals() || i >= most || closed) {
        return ended.result();
      }
      Duration wait = ended.asked() == null ? pause : ended.asked();
      try {
        Thread.sleep(Math.min(wait.toMillis(), LONGEST.toMillis()));
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return ended.result();
      }
      pause = pause.multipliedBy(2);
    }
  }

  /** No further tries. */
  void close() {
    closed = true;
  }
}
