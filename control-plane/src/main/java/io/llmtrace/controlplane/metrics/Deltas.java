package io.llmtrace.controlplane.metrics;

import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.policy.Action;
import io.llmtrace.policies.wire.CompletionRecord;
import io.llmtrace.policies.wire.InspectionRecord;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What one transaction counts. Not thread-safe. */
public final class Deltas {
  private static final List<String> STATUSES = List.of("200", "400", "429", "500", "502", "503");

  private final Totals totals;
  private final Map<Series, Double> values = new HashMap<>();

  public Deltas(Totals totals) {
    this.totals = totals;
  }

  /** Counts an inspection that was stored for the first time. */
  public void inspection(InspectionRecord record) {
    add(
        Names.INSPECTIONS,
        List.of(record.outcome(), totals.admit("reason", record.receipt().reason())),
        1);
    record
        .stagesMicros()
        .forEach(
            (stage, micros) ->
                observe(
                    Names.INSPECTION_DURATION,
                    List.of(totals.admit("stage", stage)),
                    micros / 1e6,
                    Names.INSPECTION_BUCKETS));
    for (Finding finding : record.findings()) {
      add(
          Names.FINDINGS,
          List.of(
              finding.type().label(),
              finding.severity().label(),
              record.decision().action().label()),
          1);
    }
    zeros(record);
  }

  /** Counts what was seen in the answer of a completion that was stored for the first time. */
  public void answer(CompletionRecord ended) {
    for (Finding finding : ended.findings()) {
      // The client has got the answer: nothing is done about it but to show it.
      add(
          Names.FINDINGS,
          List.of(finding.type().label(), finding.severity().label(), Action.FLAG.label()),
          1);
    }
    if (ended.receipt() != null) {
      add(
          Names.ANSWERS,
          List.of(
              ended.receipt().coverage().label(), totals.admit("reason", ended.receipt().reason())),
          1);
    }
  }

  /** Counts an exchange that ended, with the labels of its inspection. */
  public void completion(@Nullable InspectionRecord asked, CompletionRecord ended) {
    if (asked != null && ended.status() >= 200 && ended.status() < 300) {
      totals.admit("model", asked.model());
      zeros(asked);
    }
    String provider = asked == null ? "unknown" : totals.admit("provider", asked.provider());
    String model = asked == null ? "unknown" : model(asked);
    String route = asked == null ? "unknown" : totals.admit("route", asked.route());
    String tenant = asked == null ? "unknown" : totals.admit("tenant", asked.tenant());
    String status = String.format(Locale.ROOT, "%03d", ended.status());
    add(Names.REQUESTS, List.of(totals.admit("status", status), provider, model, route, tenant), 1);
    observe(
        Names.DURATION, List.of(provider, route), ended.latencyMs() / 1e3, Names.REQUEST_BUCKETS);
    if (ended.usage() != null) {
      add(
          Names.TOKENS,
          List.of("prompt", provider, model, tenant),
          (double) ended.usage().promptTokens());
      add(
          Names.TOKENS,
          List.of("completion", provider, model, tenant),
          (double) ended.usage().completionTokens());
    }
    if (ended.refusal() != null) {
      add(Names.REFUSALS, List.of(ended.refusal().label(), provider, model), 1);
    }
    if (ended.upstreamError() != null) {
      add(
          Names.UPSTREAM_ERRORS,
          List.of(provider, totals.admit("reason", ended.upstreamError())),
          1);
    }
  }

  /** Counts an exchange whose completion never came. */
  public void unobserved(InspectionRecord asked) {
    add(
        Names.REQUESTS,
        List.of(
            "000",
            totals.admit("provider", asked.provider()),
            model(asked),
            totals.admit("route", asked.route()),
            totals.admit("tenant", asked.tenant())),
        1);
  }

  public void lost(String reason, long count) {
    add(Names.LOST, List.of(totals.admit("reason", reason)), (double) count);
  }

  Map<Series, Double> asMap() {
    return values;
  }

  // A series must exist at 0 before its first event, or the first one is invisible to rate().
  private void zeros(InspectionRecord asked) {
    for (String status : STATUSES) {
      add(
          Names.REQUESTS,
          List.of(
              totals.admit("status", status),
              totals.admit("provider", asked.provider()),
              model(asked),
              totals.admit("route", asked.route()),
              totals.admit("tenant", asked.tenant())),
          0);
    }
  }

  private String model(InspectionRecord asked) {
    return asked.model().isEmpty() ? "unknown" : totals.known("model", asked.model());
  }

  private void observe(String metric, List<String> labels, double seconds, double[] bounds) {
    String bound = "+Inf";
    for (double upper : bounds) {
      if (seconds <= upper) {
        bound = Double.toString(upper);
        break;
      }
    }
    List<String> bucket = new java.util.ArrayList<>(labels);
    bucket.add(bound);
    add(metric + "_bucket", bucket, 1);
    add(metric + "_sum", labels, seconds);
  }

  private void add(String metric, List<String> labels, double delta) {
    values.merge(totals.room(new Series(metric, labels)), delta, Double::sum);
  }
}
