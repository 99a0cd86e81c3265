package io.llmtrace.cli.bench;

import io.llmtrace.cli.scan.ScanPolicy;
import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.detect.engine.DetectionEngine;
import io.llmtrace.policies.detect.engine.InspectionProgress;
import io.llmtrace.policies.exchange.Dialect;
import io.llmtrace.policies.exchange.Exchange;
import io.llmtrace.policies.exchange.Segment;
import io.llmtrace.policies.policy.Action;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.LongConsumer;

/** Gives labelled texts to an engine, as {@code scan} does. */
final class DetectionBench {
  private final DetectionEngine engine;
  private final int threads;

  DetectionBench(DetectionEngine engine, int threads) {
    this.engine = engine;
    this.threads = threads;
  }

  /**
   * Scores all rows.
   *
   * @param progress is told how many are done
   */
  List<ScoredText> score(List<LabelledText> rows, LongConsumer progress)
      throws InterruptedException {
    ExecutorService pool = Executors.newFixedThreadPool(threads);
    try {
      List<Future<ScoredText>> open = new ArrayList<>();
      for (LabelledText row : rows) {
        open.add(pool.submit(() -> score(row)));
      }
      List<ScoredText> scored = new ArrayList<>();
      for (Future<ScoredText> each : open) {
        scored.add(each.get());
        progress.accept(scored.size());
      }
      return scored;
    } catch (ExecutionException e) {
      throw new IllegalStateException("a row could not be inspected", e.getCause());
    } finally {
      pool.shutdownNow();
    }
  }

  private ScoredText score(LabelledText row) {
    InspectionProgress.Snapshot seen = inspect(engine, exchange(row.zone(), row.text()));
    boolean flagged = ScanPolicy.decide(seen.findings()) != Action.ALLOW;
    return new ScoredText(row, seen.score(), flagged, seen.stagesMicros());
  }

  static InspectionProgress.Snapshot inspect(DetectionEngine engine, Exchange exchange) {
    InspectionProgress progress = new InspectionProgress();
    engine.inspect(exchange, InspectionBudget.unlimited(), progress);
    return progress.snapshot();
  }

  static Exchange exchange(io.llmtrace.policies.exchange.Zone zone, String text) {
    return new Exchange(
        Dialect.TEXT,
        Dialect.TEXT.provider(),
        Exchange.UNKNOWN_MODEL,
        false,
        List.of(new Segment(zone, "", "", text)),
        List.of(),
        0);
  }
}
