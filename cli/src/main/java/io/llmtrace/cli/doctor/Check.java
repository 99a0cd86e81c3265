package io.llmtrace.cli.doctor;

import java.io.IOException;
import java.util.Set;

/** Looks at one thing. Stateless; checks run beside each other. */
interface Check {
  /** As it is written in answers; never changes. */
  String name();

  /**
   * Checks without which this one says nothing new: it is skipped where one of them found an error.
   */
  default Set<String> needs() {
    return Set.of();
  }

  /** Which process it is about; left out where {@code --role} names the other one. */
  default Side side() {
    return Side.BOTH;
  }

  /** Whose part of an installation. */
  enum Side {
    PLUGIN,
    CONTROL_PLANE,
    BOTH
  }

  /**
   * Looks. May block; {@link Doctor} interrupts it at the end of its time.
   *
   * @throws IOException where looking itself failed in a way that nobody foresaw
   */
  Outcome look(Deployment deployment) throws IOException, InterruptedException;
}
