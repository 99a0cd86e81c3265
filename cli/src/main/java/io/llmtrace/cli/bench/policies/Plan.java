package io.llmtrace.cli.bench.policies;

import java.util.Set;

/**
 * What is measured.
 *
 * @param parts of all that can be
 * @param nodes instances before the control plane
 * @param edits that are waited for
 * @param swaps under load
 * @param exchanges that are stored and tried again
 * @param seconds of each measurement of processor time
 */
record Plan(Set<Part> parts, int nodes, int edits, int swaps, int exchanges, double seconds) {
  /** A part that can be run without the others. */
  enum Part {
    /** From an edit to its enforcement on all instances. */
    EDIT,
    /** Versions that change while requests come. */
    SWAPS,
    /** Bundles that were damaged on their way, and no control plane. */
    OUTAGE,
    /** A policy on stored exchanges. */
    SIMULATION,
    /** A candidate beside the active version. */
    SHADOW,
    /** One decision by many rules. */
    DECISION;

    boolean needsInstallation() {
      return compareTo(SIMULATION) <= 0;
    }

    boolean needsNodes() {
      return compareTo(OUTAGE) <= 0;
    }
  }

  /** All of it, as the bars ask for it. */
  static Plan whole(Set<Part> parts) {
    return new Plan(parts, 3, 10, 200, 10_000, 6);
  }

  boolean has(Part part) {
    return parts.contains(part);
  }
}
