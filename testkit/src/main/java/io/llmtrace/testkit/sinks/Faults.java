package io.llmtrace.testkit.sinks;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import java.util.Random;

/** Which fault each request meets. Implementations are asked by one thread at a time. */
@FunctionalInterface
public interface Faults {

  /** The fault of the next request. */
  Fault next();

  /** No faults. */
  static Faults none() {
    return Fault::none;
  }

  /** The same for every request. */
  static Faults always(Fault fault) {
    return () -> fault;
  }

  /** These, one a request, then none. */
  static Faults script(Fault... faults) {
    Queue<Fault> queue = new ArrayDeque<>(List.of(faults));
    return () -> {
      Fault next = queue.poll();
      return next == null ? Fault.none() : next;
    };
  }

  /**
   * One of these at random for a part of the requests; the same for the same seed.
   *
   * @param part 0 to 1
   */
  static Faults seeded(long seed, double part, List<Fault> kinds) {
    if (kinds.isEmpty()) {
      throw new IllegalArgumentException("no kinds of faults; expected at least one");
    }
    List<Fault> all = List.copyOf(kinds);
    Random random = new Random(seed);
    return () -> random.nextDouble() < part ? all.get(random.nextInt(all.size())) : Fault.none();
  }

  /** One of each kind, for {@link #seeded}. */
  static List<Fault> everyKind() {
    return List.of(
        new Fault.RateLimited(1),
        new Fault.Status(500),
        new Fault.Status(503),
        new Fault.Hang(),
        new Fault.Reset(),
        new Fault.ResetAfterAccepting(),
        new Fault.ErrorBody(),
        new Fault.Slow(Duration.ofMillis(300)));
  }
}
