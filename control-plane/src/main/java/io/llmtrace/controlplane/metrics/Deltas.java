package io.llmtrace.controlplane.metrics;

import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.detect.Severity;
import io.llmtrace.policies.exchange.Usage;
import io.llmtrace.policies.policy.Action;
import io.llmtrace.policies.usage.UsageSource;
import io.llmtrace.policies.wire.CompletionRecord;
import io.llmtrace.policies.wire.ContentPart;
import io.llmtrace.policies.wire.InspectionRecord;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What one transaction counts. Not thread-safe. */
public final class Deltas {
  private static final List<String> STATUSES = List.of("200", "400", "429", "500", "502", "503");

  /**
   * A histogram's series are named once: a name that is put together has to be hashed each time.
   */
  private static final class Histogram {
    final String bucket;
    final String sum;
    private final double[] bounds;
    private final List<String> labels = new ArrayList<>();

    Histogram(String metric, double[] bounds) {
      this.bucket = metric + "_bucket";
      this.sum = metric + "_sum";
      this.bounds = bounds;
      for (double bound : bounds) {
        labels.add(Double.toString(bound));
      }
      labels.add("+Inf");
    }

    String bound(double value) {
      int place = 0;
      // Written this way round, a value that is no number is in the last.
      while (place < bounds.length && !(value <= bounds[place])) {
        place++;
      }
      return labels.get(place);
    }
  }

  private static final Histogram INSPECTION =
      new Histogram(Names.INSPECTION_DURATION, Names.INSPECTION_BUCKETS);
  private static final Histogram REQUEST = new Histogram(Names.DURATION, Names.REQUEST_BUCKETS);
  private static final Histogram FIRST_TOKEN =
      new Histogram(Names.FIRST_TOKEN, Names.REQUEST_BUCKETS);
  private static final Histogram TOKEN_RATE =
      new Histogram(Names.TOKEN_RATE, Names.TOKEN_RATE_BUCKETS);

  private final Totals totals;
  private final Map<Series, double[]> values = new HashMap<>();
  private final Set<List<String>> begun = new HashSet<>();

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
                observe(INSPECTION, List.of(totals.admit("stage", stage)), micros / 1e6));
    for (Finding finding : record.findings()) {
      add(
          Names.FINDINGS,
          List.of(
              finding.type().label(),
              finding.severity().label(),
              record.decision().action().label()),
          1);
    }
    zeros(Asked.of(record));
  }

  /** Counts what was seen in the answer of a completion that was stored for the first time. */
  public void answer(CompletionRecord ended) {
    // Where nobody held the answer the client has got it: nothing is done about it but to show it.
    Action done = ended.answerAction();
    Action action = done == null || done == Action.ALLOW ? Action.FLAG : done;
    for (Finding finding : ended.findings()) {
      add(
          Names.FINDINGS,
          List.of(finding.type().label(), finding.severity().label(), action.label()),
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

  /** Counts a finding that belongs to no exchange: nothing is done about it but to show it. */
  public void finding(FindingType type, Severity severity) {
    add(Names.FINDINGS, List.of(type.label(), severity.label(), Action.FLAG.label()), 1);
  }

  /** Counts an exchange that ended, with the labels of its inspection. */
  public void completion(@Nullable Asked asked, CompletionRecord ended) {
    if (asked != null && ended.status() >= 200 && ended.status() < 300) {
      if (!asked.isSpan()) {
        totals.admit("model", asked.model());
      }
      zeros(asked);
    }
    String provider = asked == null ? "unknown" : totals.admit("provider", asked.provider());
    String model = asked == null ? "unknown" : model(asked);
    String route = asked == null ? "unknown" : totals.admit("route", asked.route());
    String tenant = asked == null ? "unknown" : totals.admit("tenant", asked.tenant());
    String status = String.format(Locale.ROOT, "%03d", ended.status());
    add(Names.REQUESTS, List.of(totals.admit("status", status), provider, model, route, tenant), 1);
    observe(REQUEST, List.of(provider, route), ended.latencyMs() / 1e3);
    spent(asked, ended, provider, model, tenant);
    if (ended.firstTokenMs() != null) {
      observe(FIRST_TOKEN, List.of(provider, route), ended.firstTokenMs() / 1e3);
    }
    tokenRate(ended, provider, model);
    if (ended.truncated()) {
      add(Names.TRUNCATED, List.of(provider, route), 1);
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

  /** How fast a stream came, its wait for the first token left out. */
  private void tokenRate(CompletionRecord ended, String provider, String model) {
    Usage usage = ended.usage();
    if (ended.firstTokenMs() == null || usage == null || usage.completionTokens() == 0) {
      return;
    }
    double seconds = (ended.latencyMs() - ended.firstTokenMs()) / 1e3;
    // A stream that came in one piece has no rate.
    if (seconds > 0) {
      observe(TOKEN_RATE, List.of(provider, model), usage.completionTokens() / seconds);
    }
  }

  private void spent(
      @Nullable Asked asked, CompletionRecord ended, String provider, String model, String tenant) {
    Usage usage = ended.usage();
    if (usage != null) {
      tokens(Names.TOKENS, "prompt", usage.promptTokens(), provider, model, tenant);
      tokens(Names.TOKENS, "completion", usage.completionTokens(), provider, model, tenant);
      detail("cached", usage.cachedTokens(), provider, model, tenant);
      detail("cache_write", usage.cacheWriteTokens(), provider, model, tenant);
      detail("reasoning", usage.reasoningTokens(), provider, model, tenant);
    }
    if (usage == null && !wasCharged(asked, ended)) {
      return;
    }
    add(Names.USAGE, List.of(source(ended), provider), 1);
    if (ended.costUsd() == null) {
      add(Names.COST_UNKNOWN, List.of(provider, model, tenant), 1);
    } else {
      add(Names.COST, List.of(provider, model, tenant), ended.costUsd().doubleValue());
    }
  }

  /** Whether tokens were spent although nobody knows how many: an answer came that has some. */
  private static boolean wasCharged(@Nullable Asked asked, CompletionRecord ended) {
    return asked != null
        && asked.spendsTokens()
        && ended.upstreamLatencyMs() != null
        && ended.status() >= 200
        && ended.status() < 300;
  }

  /** Records of before the source was kept had the provider's numbers or none. */
  private static String source(CompletionRecord ended) {
    if (ended.usageSource() != null) {
      return ended.usageSource().label();
    }
    return ended.usage() == null ? "none" : UsageSource.REPORTED.label();
  }

  /** A part of what is counted already; most exchanges have none, and need no series. */
  private void detail(String type, long tokens, String provider, String model, String tenant) {
    if (tokens > 0) {
      tokens(Names.TOKEN_DETAILS, type, tokens, provider, model, tenant);
    }
  }

  private void tokens(
      String metric, String type, long tokens, String provider, String model, String tenant) {
    add(metric, List.of(type, provider, model, tenant), (double) tokens);
  }

  /** Counts an exchange whose completion never came. */
  public void unobserved(Asked asked) {
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

  /** Counts a batch that was kept as it came, because it cannot be stored. */
  public void setAside(String reason) {
    add(Names.SET_ASIDE, List.of(totals.admit("reason", reason)), 1);
  }

  /** Counts records that came and are not stored because their sender may not send them. */
  public void rejected(String reason, long count) {
    add(Names.REJECTED, List.of(totals.admit("reason", reason)), (double) count);
  }

  /** Counts a part whose content was stored for the first time. */
  public void content(ContentPart part) {
    add(Names.CONTENT, List.of(part.label()), 1);
  }

  /** Counts parts whose content came and is not stored. */
  public void contentRefused(String reason, long count) {
    add(Names.CONTENT_REFUSED, List.of(totals.admit("reason", reason)), (double) count);
  }

  /** What is added to each series, in an array of one. */
  Map<Series, double[]> values() {
    return values;
  }

  /** Whose requests have a series of each status, from this transaction on. */
  Set<List<String>> begun() {
    return begun;
  }

  /*
   * A series must exist at 0 before its first event, or the first one is invisible to rate(). Those
   * that are stored already are left alone: they are most, and each would be a row to update.
   */
  private void zeros(Asked asked) {
    String provider = totals.admit("provider", asked.provider());
    String model = model(asked);
    String route = totals.admit("route", asked.route());
    String tenant = totals.admit("tenant", asked.tenant());
    List<String> whose = List.of(provider, model, route, tenant);
    if (totals.hasBegun(whose) || !begun.add(whose)) {
      return;
    }
    for (String status : STATUSES) {
      add(
          Names.REQUESTS,
          List.of(totals.admit("status", status), provider, model, route, tenant),
          0);
    }
  }

  private String model(Asked asked) {
    return asked.model().isEmpty() ? "unknown" : totals.known("model", asked.model());
  }

  private void observe(Histogram histogram, List<String> labels, double value) {
    List<String> bucket = new ArrayList<>(labels.size() + 1);
    bucket.addAll(labels);
    bucket.add(histogram.bound(value));
    add(histogram.bucket, bucket, 1);
    add(histogram.sum, labels, value);
  }

  private void add(String metric, List<String> labels, double delta) {
    Series series = new Series(metric, labels);
    double[] sum = values.get(series);
    if (sum == null) {
      // Whether there is room is asked once a transaction: the answer does not change to no.
      sum = values.computeIfAbsent(totals.room(series), key -> new double[1]);
    }
    sum[0] += delta;
  }
}
