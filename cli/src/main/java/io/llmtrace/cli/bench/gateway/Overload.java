package io.llmtrace.cli.bench.gateway;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmtrace.cli.measure.Rounded;
import io.llmtrace.policies.json.WireJson;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/** Twice the load that a node can carry, and half of it two seconds later. */
final class Overload {
  /** Enough that the clients never wait for each other. */
  private static final int CONNECTIONS = 512;

  private static final double SECONDS = 8;
  private static final double RECOVERY_SECONDS = 2;
  private static final int BUDGET_MS = 150;
  private static final String EXCHANGES = "llmtrace_plugin_exchanges_total";

  private Overload() {}

  static void measure(
      Subject subject, HttpLoad load, Supplier<Conversation> conversations, Notes notes)
      throws IOException, InterruptedException {
    Supplier<byte[]> bodies = conversations.get()::next;
    double capacity = load.closed(bodies, 64, 4).perSecond();
    double shedBefore = shed(subject);
    Outcome seen = load.open(bodies, CONNECTIONS, SECONDS, 2 * capacity);
    double shed = shed(subject) - shedBefore;
    TimeUnit.MILLISECONDS.sleep((long) (RECOVERY_SECONDS * 1_000));
    double shedAfter = shed(subject);
    Outcome after = load.open(bodies, CONNECTIONS, 3, capacity / 2);
    double stillShed = shed(subject) - shedAfter;
    long fiveHundreds =
        seen.statuses().entrySet().stream()
            .filter(e -> e.getKey() >= 500)
            .mapToLong(java.util.Map.Entry::getValue)
            .sum();
    ObjectNode detail = WireJson.mapper().createObjectNode();
    ObjectNode node =
        detail
            .putObject("overload")
            .put("capacity_per_second", Math.round(capacity))
            .put("requests", seen.nanos().length + seen.failed())
            .put("p50_ms", Rounded.thousandths(seen.percentile(0.5)))
            .put("p99_ms", Rounded.thousandths(seen.percentile(0.99)))
            .put("uninspected", Math.round(shed))
            .put("answers_5xx", fiveHundreds)
            .put("failed", seen.failed())
            .put("p99_ms_after", Rounded.thousandths(after.percentile(0.99)))
            .put("uninspected_after", Math.round(stillShed));
    seen.statuses().forEach((status, count) -> node.put("status_" + status, count));
    double p99 = seen.percentile(0.99);
    notes.note(
        new Notes.Judgement(
            "twice the load: client's p99, ms", p99, "≤ 170", p99 <= BUDGET_MS + 20),
        detail);
    notes.note(
        new Notes.Judgement(
            "twice the load: 5xx and failures",
            (double) (fiveHundreds + seen.failed()),
            "0",
            fiveHundreds + seen.failed() == 0),
        null);
    notes.note(
        new Notes.Judgement(
            "two seconds after it: exchanges not inspected", stillShed, "0", stillShed == 0),
        null);
  }

  /** Exchanges that were let through with a receipt, whole or in part. */
  private static double shed(Subject subject) throws IOException, InterruptedException {
    return Page.sum(subject.localPort(), EXCHANGES, "reason=\"overload\"")
        + Page.sum(subject.localPort(), EXCHANGES, "reason=\"budget\"")
        + Page.sum(subject.localPort(), EXCHANGES, "reason=\"breaker\"");
  }
}
