package io.llmtrace.policies.detect.classify;

import io.llmtrace.policies.detect.InspectionBudget;

/**
 * What a window of a model takes on this machine, so that none is begun that the budget would not
 * see the end of: a run cannot be interrupted, and takes tens of milliseconds on a slow core.
 * Thread-safe.
 */
final class Pace {
  /** A window costs something whatever its length. */
  private static final int TOKENS_OF_A_WINDOW = 8;

  /** A run that was kept from the processor says nothing of the next. */
  private static final double MOST_GROWTH = 4;

  private static final double WEIGHT = 1.0 / 8;

  /** With every refusal the estimate falls: else one slow minute would end the stage for good. */
  private static final double FORGETTING = 0.98;

  private double nanosPerToken;

  /** The estimate begins anew with what a window took. */
  synchronized void set(int tokens, long nanos) {
    nanosPerToken = perToken(tokens, nanos);
  }

  /** A window was run. */
  synchronized void took(int tokens, long nanos) {
    double sample = Math.min(perToken(tokens, nanos), MOST_GROWTH * nanosPerToken);
    nanosPerToken += WEIGHT * (sample - nanosPerToken);
  }

  /** Whether there is time for a window. */
  synchronized boolean fits(int tokens, InspectionBudget budget) {
    boolean fits = budget.allows((long) (nanosPerToken * (tokens + TOKENS_OF_A_WINDOW)));
    if (!fits) {
      nanosPerToken *= FORGETTING;
    }
    return fits;
  }

  private static double perToken(int tokens, long nanos) {
    return (double) nanos / (tokens + TOKENS_OF_A_WINDOW);
  }
}
