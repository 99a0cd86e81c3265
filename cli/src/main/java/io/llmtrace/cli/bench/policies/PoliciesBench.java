package io.llmtrace.cli.bench.policies;

import io.llmtrace.cli.bench.policies.Plan.Part;
import java.nio.file.Path;

/** Runs the parts, each with what it needs and in an order in which none spoils the next. */
final class PoliciesBench {
  private PoliciesBench() {}

  /**
   * Measures.
   *
   * @param directory an empty one
   */
  static void run(Plan plan, Path directory, Figures figures) throws Exception {
    // Before anything else runs in this process: threads of instances would take from it.
    if (plan.has(Part.DECISION)) {
      DecisionBench.measure(plan.seconds(), figures);
    }
    if (plan.has(Part.SHADOW)) {
      ShadowBench.measure(plan.seconds(), directory.resolve("shadow"), figures);
    }
    if (plan.parts().stream().anyMatch(Part::needsInstallation)) {
      try (Installation installation = Installation.start(directory)) {
        installed(plan, installation, figures);
      }
    }
  }

  private static void installed(Plan plan, Installation installation, Figures figures)
      throws Exception {
    if (plan.has(Part.SIMULATION)) {
      SimulationBench.measure(installation, plan.exchanges(), figures);
    }
    if (plan.parts().stream().anyMatch(Part::needsNodes)) {
      installation.startNodes(plan.nodes());
      EditedPolicy policy = new EditedPolicy(installation);
      if (plan.has(Part.EDIT)) {
        EditBench.measure(installation, policy, plan.edits(), figures);
      }
      if (plan.has(Part.SWAPS)) {
        SwapBench.measure(installation, policy, plan.swaps(), figures);
      }
      if (plan.has(Part.OUTAGE)) {
        OutageBench.measure(installation, policy, figures);
      }
    }
  }
}
