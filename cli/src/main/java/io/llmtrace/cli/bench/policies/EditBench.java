package io.llmtrace.cli.bench.policies;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmtrace.cli.measure.Rounds;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Seconds from sending an edit until the last instance blocks by it. */
final class EditBench {
  private static final double BAR_SECONDS = 2;
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private EditBench() {}

  static void measure(Installation installation, EditedPolicy policy, int edits, Figures figures)
      throws Exception {
    ObjectNode part = figures.part("edit");
    ArrayNode all = part.putArray("seconds");
    List<Double> seconds = new ArrayList<>();
    ExecutorService watchers = Executors.newFixedThreadPool(installation.nodes().size());
    try {
      // The first of all brings the connections and classes that the others find.
      for (int i = 0; i <= edits; i++) {
        double took = once(installation, policy, watchers);
        figures.say("edit %d: enforced everywhere after %.3f s", i, took);
        if (i > 0) {
          seconds.add(took);
          all.add(took);
        }
      }
    } finally {
      watchers.shutdownNow();
    }
    double median = Rounds.median(seconds);
    part.put("median", median).put("nodes", installation.nodes().size());
    figures.atMost(
        "s from an edit to its enforcement on %d instances, median of %d"
            .formatted(installation.nodes().size(), edits),
        median,
        BAR_SECONDS);
  }

  private static double once(
      Installation installation, EditedPolicy policy, ExecutorService watchers) throws Exception {
    long start = System.nanoTime();
    int version = policy.edit(EditedPolicy.Way.BLOCKS);
    policy.activate(version);
    List<Callable<Long>> watching = new ArrayList<>();
    for (Node node : installation.nodes()) {
      watching.add(
          () -> {
            Waiting.until(
                node.name() + " enforces version " + version,
                PATIENCE,
                () -> node.ask().isBlockOf(version));
            return System.nanoTime();
          });
    }
    long last = start;
    for (Future<Long> each : watchers.invokeAll(watching)) {
      last = Math.max(last, each.get());
    }
    return (last - start) / 1e9;
  }
}
