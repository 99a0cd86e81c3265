package io.llmtrace.cli.chaos;

import java.time.Duration;

/** Puts a fault into a running stack and takes it out again. For one thread, used once. */
interface Injection {
  /**
   * Makes ready what the fault needs, before any traffic.
   *
   * @throws Exception when that is impossible, and the fault with it
   */
  default void prepare(ChaosStack stack) throws Exception {}

  /**
   * Begins the fault, and makes sure that it is there.
   *
   * @throws Exception when it cannot be put in, or has no effect
   */
  void begin(ChaosStack stack) throws Exception;

  /**
   * Ends it; a process that was killed is ready again when this returns.
   *
   * @throws Exception when it cannot be taken out, or was never met by anything
   */
  void end(ChaosStack stack) throws Exception;

  /** Requests that it sends itself, beside the traffic. */
  default int sends() {
    return 0;
  }

  /**
   * Looks at what only shows once everything has settled, and takes away what {@link #prepare}
   * made. Traffic has ended.
   *
   * @throws Exception when something is not as it should be
   */
  default void after(ChaosStack stack) throws Exception {}

  /** The inner one while the outer one holds. */
  static Injection within(Injection outer, Injection inner) {
    return new Injection() {
      @Override
      public void prepare(ChaosStack stack) throws Exception {
        outer.prepare(stack);
        inner.prepare(stack);
      }

      @Override
      public int sends() {
        return outer.sends() + inner.sends();
      }

      @Override
      public void after(ChaosStack stack) throws Exception {
        inner.after(stack);
        outer.after(stack);
      }

      @Override
      public void begin(ChaosStack stack) throws Exception {
        outer.begin(stack);
        inner.begin(stack);
      }

      @Override
      public void end(ChaosStack stack) throws Exception {
        try {
          inner.end(stack);
        } finally {
          outer.end(stack);
        }
      }
    };
  }

  /**
   * Both, ended in the order of their beginning.
   *
   * @param apart by which the second begins later, so that the first is met
   */
  static Injection both(Injection first, Duration apart, Injection second) {
    return new Injection() {
      @Override
      public void prepare(ChaosStack stack) throws Exception {
        first.prepare(stack);
        second.prepare(stack);
      }

      @Override
      public int sends() {
        return first.sends() + second.sends();
      }

      @Override
      public void after(ChaosStack stack) throws Exception {
        first.after(stack);
        second.after(stack);
      }

      @Override
      public void begin(ChaosStack stack) throws Exception {
        first.begin(stack);
        Thread.sleep(apart.toMillis());
        second.begin(stack);
      }

      @Override
      public void end(ChaosStack stack) throws Exception {
        try {
          first.end(stack);
        } finally {
          second.end(stack);
        }
      }
    };
  }
}
