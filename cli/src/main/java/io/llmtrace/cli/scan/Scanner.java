package io.llmtrace.cli.scan;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.detect.engine.DetectionEngine;
import io.llmtrace.policies.detect.engine.InspectionProgress;
import io.llmtrace.policies.json.WireJson;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Inspects lines on all threads it is given and writes the verdicts in the order of the lines. At
 * most some lines for each thread are held in memory.
 */
final class Scanner {
  private static final int LINES_A_THREAD = 16;

  private final DetectionEngine engine;
  private final int threads;
  private final boolean explain;

  /** What was read. */
  record Summary(long lines, long bad, long flagged, double seconds) {}

  /** One answer and what it says of the line. */
  private record Verdict(String json, boolean bad, boolean flagged) {}

  private Scanner(DetectionEngine engine, int threads, boolean explain) {
    this.engine = engine;
    this.threads = threads;
    this.explain = explain;
  }

  /** A scanner on so many threads. */
  static Scanner of(DetectionEngine engine, int threads) {
    return new Scanner(engine, threads, false);
  }

  /** The same, which also says what each stage contributed. */
  Scanner explaining() {
    return new Scanner(engine, threads, true);
  }

  /**
   * Reads to the end.
   *
   * @param progress is told the number of lines done, after each
   * @throws IOException if a line cannot be read or an answer cannot be written
   */
  Summary scan(BufferedReader in, Writer out, LongConsumer progress)
      throws IOException, InterruptedException {
    ExecutorService pool = Executors.newFixedThreadPool(threads);
    Deque<Future<Verdict>> open = new ArrayDeque<>();
    Counter counter = new Counter(out, progress);
    try {
      long number = 0;
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        number++;
        if (line.isBlank()) {
          continue;
        }
        if (open.size() == threads * LINES_A_THREAD) {
          counter.write(open.remove());
        }
        String text = line;
        long at = number;
        open.add(pool.submit(() -> verdict(text, at)));
      }
      while (!open.isEmpty()) {
        counter.write(open.remove());
      }
      out.flush();
    } finally {
      pool.shutdownNow();
    }
    return counter.summary();
  }

  /** Writes what is done and counts it; used by the reading thread only. */
  private static final class Counter {
    private final Writer out;
    private final LongConsumer progress;
    private final long start = System.nanoTime();
    private long lines;
    private long bad;
    private long flagged;

    Counter(Writer out, LongConsumer progress) {
      this.out = out;
      this.progress = progress;
    }

    void write(Future<Verdict> done) throws IOException, InterruptedException {
      Verdict verdict;
      try {
        verdict = done.get();
      } catch (ExecutionException e) {
        throw new IllegalStateException("a line could not be inspected", e.getCause());
      }
      out.write(verdict.json());
      out.write('\n');
      lines++;
      bad += verdict.bad() ? 1 : 0;
      flagged += verdict.flagged() ? 1 : 0;
      progress.accept(lines);
    }

    Summary summary() {
      return new Summary(lines, bad, flagged, (System.nanoTime() - start) / 1e9);
    }
  }

  private Verdict verdict(String line, long number) throws JsonProcessingException {
    ObjectNode answer = WireJson.mapper().createObjectNode();
    ScanInput input;
    try {
      input = ScanInput.parse(line);
    } catch (BadLineException e) {
      answer.set("id", orNull(e.id()));
      answer.put("error", "line " + number + ": " + e.getMessage());
      return new Verdict(WireJson.mapper().writeValueAsString(answer), true, false);
    }
    InspectionProgress progress =
        explain ? InspectionProgress.explaining() : new InspectionProgress();
    long start = System.nanoTime();
    engine.inspect(input.exchange(), InspectionBudget.unlimited(), progress);
    long micros = (System.nanoTime() - start) / 1000;
    InspectionProgress.Snapshot seen = progress.snapshot();
    String decision = ScanPolicy.decide(seen.findings()).label();
    answer.set("id", orNull(input.id()));
    answer.put("decision", decision);
    answer.put("score", round(seen.score()));
    ArrayNode findings = answer.putArray("findings");
    for (Finding finding : seen.findings()) {
      findings.add(json(finding));
    }
    answer.put("latency_us", micros);
    if (explain) {
      answer.set("explanation", explanation(seen));
    }
    return new Verdict(
        WireJson.mapper().writeValueAsString(answer), false, !decision.equals("allow"));
  }

  /** What added to the score and what took from it, the strongest first; times in microseconds. */
  private static ObjectNode explanation(InspectionProgress.Snapshot seen) {
    ObjectNode node = WireJson.mapper().createObjectNode();
    ArrayNode parts = node.putArray("contributions");
    seen.contributions().stream()
        .filter(part -> part.logOdds() != 0)
        .sorted(Comparator.comparingDouble(part -> -Math.abs(part.logOdds())))
        .forEach(
            part -> {
              ObjectNode one = parts.addObject();
              if (!part.pointer().isEmpty()) {
                one.put("pointer", part.pointer());
              }
              one.put("feature", part.feature());
              one.put("value", round(part.value()));
              one.put("log_odds", round(part.logOdds()));
            });
    node.set("stages_us", WireJson.mapper().valueToTree(new TreeMap<>(seen.stagesMicros())));
    node.set("missing_stages", WireJson.mapper().valueToTree(seen.missingStages()));
    return node;
  }

  private static ObjectNode json(Finding finding) {
    ObjectNode node = WireJson.mapper().createObjectNode();
    node.put("type", finding.type().label());
    node.put("severity", finding.severity().label());
    node.put("confidence", round(finding.confidence()));
    node.put("zone", finding.zone().label());
    node.put("detector", finding.detector());
    node.put("kind", finding.rule());
    node.put("start", finding.start());
    node.put("end", finding.end());
    if (!finding.pointer().isEmpty()) {
      node.put("pointer", finding.pointer());
    }
    node.put("evidence", finding.evidence());
    return node;
  }

  private static JsonNode orNull(@Nullable JsonNode id) {
    return id == null || id.isMissingNode() ? WireJson.mapper().nullNode() : id;
  }

  /** Six places: more would only show that floating point differs from machine to machine. */
  private static double round(double value) {
    return Math.round(value * 1e6) / 1e6;
  }
}
