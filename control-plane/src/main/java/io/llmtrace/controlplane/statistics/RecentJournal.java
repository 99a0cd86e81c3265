package io.llmtrace.controlplane.statistics;

import io.llmtrace.controlplane.storage.CopyInto;
import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.detect.Severity;
import io.llmtrace.policies.exchange.Usage;
import io.llmtrace.policies.policy.Action;
import io.llmtrace.policies.wire.CompletionRecord;
import io.llmtrace.policies.wire.InspectionRecord;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/**
 * What one transaction adds to the sums of the last hours, by when it happened. What happened long
 * ago, because a node could not send it, is no part of them: it would tell of today's traffic what
 * is not so. Findings are, in the time when they came if that is more than a minute later, because
 * somebody has to hear of them. What says that it is yet to happen happened now. Not thread-safe.
 */
final class RecentJournal {
  /** From here on what comes is late. */
  static final long LATE_MILLIS = 10 * 60_000;

  /**
   * From here on findings count when they come: rules look at the last minutes of them, and what
   * would lie further back nobody would hear of.
   */
  static final long LATE_FINDING_MILLIS = 60_000;

  /**
   * Cells of one transaction. Clients name models: a transaction of nothing but new names would
   * else write a row an exchange.
   */
  static final int MOST_CELLS = 500;

  private static final List<RecentSum> COUNTS =
      Arrays.stream(RecentSum.values()).filter(sum -> sum != RecentSum.TOKENS).toList();
  private static final List<String> KEYS =
      List.of("bucket", "tenant", "route", "provider", "model");
  private static final CopyInto SUMS = CopyInto.table("rollup_recent", KEYS, columns());
  private static final CopyInto FINDINGS =
      CopyInto.table(
          "rollup_recent_findings", KEYS, "type", "severity", "confidence", "action", "count");

  private record Cell(long bucket, RecentKeys keys) {}

  private record Found(long bucket, RecentFinding.What what) {}

  private final long now;
  private final Map<Cell, RecentSums> cells = new HashMap<>();
  private final Map<Found, Integer> findings = new HashMap<>();

  /**
   * @param now epoch milliseconds
   */
  RecentJournal(long now) {
    this.now = now;
  }

  void inspected(InspectionRecord record) {
    RecentKeys keys =
        new RecentKeys(record.tenant(), record.route(), record.provider(), record.model());
    // Spans come when their collector likes, and are never looked at: neither is a fault of ours.
    boolean span = record.receipt().ofSpans();
    if (!span) {
      // Whatever is late, it came now.
      cell(RecentRow.bucketOf(now), RecentKeys.NONE).lag(now - Math.min(now, record.at()));
    }
    if (!late(record.at())) {
      RecentSums sums = cell(bucket(record.at()), keys).add(RecentSum.EXCHANGES, 1);
      switch (record.decision().action()) {
        case ALLOW -> {}
        case FLAG -> sums.add(RecentSum.FLAGGED, 1);
        case REDACT -> sums.add(RecentSum.REDACTED, 1);
        case LIMIT -> sums.add(RecentSum.LIMITED, 1);
        case BLOCK -> sums.add(RecentSum.BLOCKED, 1);
      }
      switch (record.receipt().coverage()) {
        case INSPECTED -> {}
        case PARTIAL -> sums.add(RecentSum.PARTIAL, 1);
        case UNINSPECTED -> sums.add(RecentSum.UNINSPECTED, span ? 0 : 1);
      }
    }
    findings(keys, record.at(), record.findings(), record.decision().action());
  }

  void answered(RollupJournal.Keys whose, CompletionRecord ended) {
    // Where nobody held the answer the client has got it.
    @Nullable Action done = ended.answerAction();
    findings(
        RecentKeys.of(whose),
        end(ended),
        ended.findings(),
        done == null || done == Action.ALLOW ? Action.FLAG : done);
  }

  private void findings(RecentKeys keys, long at, List<Finding> found, Action action) {
    for (Finding each : found) {
      finding(keys, at, each.type(), each.severity(), each.confidence(), action);
    }
  }

  /** Counts a finding that belongs to no exchange; it was reckoned, so it is sure. */
  void finding(String tenant, FindingType type, Severity severity, long at) {
    finding(new RecentKeys(tenant, "", "", ""), at, type, severity, 1, Action.FLAG);
  }

  private void finding(
      RecentKeys keys,
      long at,
      FindingType type,
      Severity severity,
      double confidence,
      Action action) {
    long bucket = RecentRow.bucketOf(at < now - LATE_FINDING_MILLIS ? now : Math.min(now, at));
    cell(bucket, keys).add(RecentSum.FINDINGS, 1);
    Found found =
        new Found(
            bucket,
            new RecentFinding.What(
                keys, type.label(), severity, tenths(confidence), action.label()));
    if (findings.size() >= MOST_CELLS && !findings.containsKey(found)) {
      found = new Found(bucket, found.what().withoutModel());
    }
    findings.merge(found, 1, Integer::sum);
  }

  void completed(RollupJournal.Keys whose, CompletionRecord ended) {
    long at = end(ended);
    if (late(at)) {
      return;
    }
    RecentSums sums =
        cell(bucket(at), RecentKeys.of(whose))
            .add(RecentSum.REQUESTS, 1)
            .add(RecentSum.ERRORS, ended.status() >= 500 ? 1 : 0)
            .addDuration(ended.latencyMs() / 1e3, 1);
    @Nullable Usage usage = ended.usage();
    if (usage != null) {
      sums.add(RecentSum.TOKENS, usage.promptTokens() + usage.completionTokens());
    }
    if (ended.costUsd() != null) {
      sums.addCost(ended.costUsd().doubleValue());
    }
  }

  /** That nobody answered in time is found now. */
  void unobserved(RollupJournal.Keys whose) {
    cell(RecentRow.bucketOf(now), RecentKeys.of(whose))
        .add(RecentSum.REQUESTS, 1)
        .add(RecentSum.UNOBSERVED, 1);
  }

  void lost(long count) {
    cell(RecentRow.bucketOf(now), RecentKeys.NONE).add(RecentSum.LOST, count);
  }

  private static long end(CompletionRecord ended) {
    return ended.at() + Math.round(ended.latencyMs());
  }

  private boolean late(long at) {
    return at < now - LATE_MILLIS;
  }

  private long bucket(long at) {
    return RecentRow.bucketOf(Math.min(now, at));
  }

  /** 0.7 is not always 7 tenths to a computer. */
  private static int tenths(double confidence) {
    return (int) Math.floor(Math.min(1, Math.max(0, confidence)) * 10 + 1e-9);
  }

  private RecentSums cell(long bucket, RecentKeys keys) {
    Cell cell = new Cell(bucket, keys);
    if (cells.size() >= MOST_CELLS && !cells.containsKey(cell)) {
      cell = new Cell(bucket, keys.withoutModel());
    }
    return cells.computeIfAbsent(cell, key -> new RecentSums());
  }

  /** Writes the rows, in the transaction of what they count. */
  void write(Handle handle) throws SQLException {
    SUMS.rows(
        handle,
        new ArrayList<>(cells.entrySet()),
        (entry, row) -> {
          RecentSums sums = entry.getValue();
          keys(row, entry.getKey().bucket(), entry.getKey().keys());
          for (RecentSum sum : COUNTS) {
            row.number(whole(sums.get(sum)));
          }
          for (int i = 0; i < RecentSums.DURATIONS; i++) {
            row.number(whole(sums.durations(i)));
          }
          row.number(sums.get(RecentSum.TOKENS))
              .number((Double) sums.costUsd())
              .number(sums.lagMillis());
        });
    FINDINGS.rows(
        handle,
        findings.entrySet(),
        (entry, row) -> {
          RecentFinding.What what = entry.getKey().what();
          keys(row, entry.getKey().bucket(), what.keys());
          row.text(what.type())
              .text(what.severity().label())
              .small(what.tenths())
              .text(what.action())
              .number(entry.getValue().intValue());
        });
  }

  private static void keys(CopyInto.Row row, long bucket, RecentKeys keys) {
    row.number(bucket)
        .text(keys.tenant())
        .text(keys.route())
        .text(keys.provider())
        .text(keys.model());
  }

  /** A node may say that it lost more than fits; that is enough. */
  private static int whole(long count) {
    return (int) Math.min(count, 1_000_000_000);
  }

  private static String[] columns() {
    List<String> columns = new ArrayList<>();
    COUNTS.forEach(sum -> columns.add(sum.column()));
    IntStream.range(0, RecentSums.DURATIONS).forEach(i -> columns.add("b" + i));
    columns.addAll(List.of("tokens", "cost_usd", "lag_ms"));
    return columns.toArray(String[]::new);
  }
}
