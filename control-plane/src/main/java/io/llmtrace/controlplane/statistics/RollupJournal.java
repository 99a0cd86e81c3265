package io.llmtrace.controlplane.statistics;

import io.llmtrace.controlplane.statistics.Measures.Sum;
import io.llmtrace.controlplane.storage.CopyInto;
import io.llmtrace.policies.detect.Coverage;
import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.detect.Severity;
import io.llmtrace.policies.exchange.Usage;
import io.llmtrace.policies.id.Ulid;
import io.llmtrace.policies.policy.Action;
import io.llmtrace.policies.wire.CompletionRecord;
import io.llmtrace.policies.wire.InspectionRecord;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jdbi.v3.core.Handle;

/**
 * What one transaction adds to the sums. It is written as rows of a journal, not to the sums
 * themselves: these are rows that every transaction would wait for. Not thread-safe.
 */
public final class RollupJournal {
  private static final CopyInto JOURNAL =
      CopyInto.table(
          "rollup_journal",
          List.of("dimension", "bucket", "tenant", "key", "key2", "cost_usd", "latency"),
          Arrays.stream(Sum.values()).map(Sum::column).toArray(String[]::new));

  private final Map<Cell, Measures> cells = new HashMap<>();
  private final RecentJournal recent;

  public RollupJournal() {
    this(System.currentTimeMillis());
  }

  /**
   * @param now epoch milliseconds
   */
  RollupJournal(long now) {
    recent = new RecentJournal(now);
  }

  /**
   * Whose sums an exchange belongs to.
   *
   * @param tenant empty for a completion whose exchange never came
   */
  public record Keys(
      String tenant, String route, String consumer, String agent, String provider, String model) {

    public static Keys of(InspectionRecord record) {
      return new Keys(
          record.tenant(),
          record.route(),
          record.consumer(),
          record.agent(),
          record.provider(),
          record.model());
    }
  }

  /** Counts an exchange that was stored for the first time. */
  public void inspected(InspectionRecord record) {
    long hour = hour(record.decisionId());
    Keys keys = Keys.of(record);
    Action action = record.decision().action();
    Coverage coverage = record.receipt().coverage();
    each(
        hour,
        keys,
        sums -> {
          sums.add(Sum.EXCHANGES, 1);
          switch (action) {
            case ALLOW -> {}
            case FLAG -> sums.add(Sum.FLAGGED, 1);
            case REDACT -> sums.add(Sum.REDACTED, 1);
            case LIMIT -> sums.add(Sum.LIMITED, 1);
            case BLOCK -> sums.add(Sum.BLOCKED, 1);
          }
          switch (coverage) {
            case INSPECTED -> {}
            case PARTIAL -> sums.add(Sum.PARTIAL, 1);
            case UNINSPECTED -> sums.add(Sum.UNINSPECTED, 1);
          }
        });
    findings(hour, keys, record.findings());
    recent.inspected(record);
  }

  /** Counts what was seen in an answer that was stored for the first time. */
  public void answered(Keys keys, CompletionRecord ended) {
    findings(hour(ended.decisionId()), keys, ended.findings());
    recent.answered(keys, ended);
  }

  private void findings(long hour, Keys keys, List<Finding> findings) {
    if (findings.isEmpty()) {
      return;
    }
    each(hour, keys, sums -> sums.add(Sum.FINDINGS, findings.size()));
    for (Finding finding : findings) {
      cell(new Cell(
              Dimension.FINDING,
              hour,
              keys.tenant(),
              finding.type().label(),
              finding.severity().label()))
          .add(Sum.FINDINGS, 1);
    }
  }

  /** Counts an exchange that ended. */
  public void completed(Keys keys, CompletionRecord ended) {
    recent.completed(keys, ended);
    Usage usage = ended.usage();
    each(
        hour(ended.decisionId()),
        keys,
        sums -> {
          sums.add(Sum.REQUESTS, 1);
          sums.add(Sum.ERRORS, ended.status() >= 500 ? 1 : 0);
          sums.addLatency(ended.latencyMs());
          if (usage != null) {
            sums.add(Sum.PROMPT_TOKENS, usage.promptTokens());
            sums.add(Sum.COMPLETION_TOKENS, usage.completionTokens());
            sums.add(Sum.CACHED_TOKENS, usage.cachedTokens());
            sums.add(Sum.REASONING_TOKENS, usage.reasoningTokens());
          }
          if (ended.costUsd() != null) {
            sums.addCost(ended.costUsd());
          } else if (usage != null) {
            sums.add(Sum.COST_UNKNOWN, 1);
          }
        });
  }

  /** Counts an exchange whose completion never came. */
  public void unobserved(String decisionId, Keys keys) {
    recent.unobserved(keys);
    each(
        hour(decisionId),
        keys,
        sums -> {
          sums.add(Sum.REQUESTS, 1);
          sums.add(Sum.UNOBSERVED, 1);
        });
  }

  /**
   * Counts a finding that belongs to no exchange.
   *
   * @param at epoch milliseconds
   */
  public void finding(String tenant, FindingType type, Severity severity, long at) {
    cell(new Cell(Dimension.FINDING, Cell.hourOf(at), tenant, type.label(), severity.label()))
        .add(Sum.FINDINGS, 1);
    recent.finding(tenant, type, severity, at);
  }

  /** Counts records that were dropped before they could be stored. */
  public void lost(long count) {
    recent.lost(count);
  }

  /** By the decision id, which both halves of an exchange have. */
  private static long hour(String decisionId) {
    return Cell.hourOf(Ulid.time(decisionId).toEpochMilli());
  }

  private void each(long hour, Keys keys, Consumer<Measures> add) {
    add.accept(cell(new Cell(Dimension.TENANT, hour, keys.tenant(), "", "")));
    add.accept(cell(new Cell(Dimension.ROUTE, hour, keys.tenant(), keys.route(), "")));
    add.accept(cell(new Cell(Dimension.CONSUMER, hour, keys.tenant(), keys.consumer(), "")));
    add.accept(cell(new Cell(Dimension.AGENT, hour, keys.tenant(), keys.agent(), "")));
    add.accept(cell(new Cell(Dimension.MODEL, hour, keys.tenant(), keys.provider(), keys.model())));
  }

  private Measures cell(Cell cell) {
    return cells.computeIfAbsent(cell, key -> new Measures());
  }

  /** Writes the rows, in the transaction of what they count. */
  public void write(Handle handle) throws SQLException {
    JOURNAL.rows(
        handle,
        cells.entrySet(),
        (entry, row) -> {
          Cell cell = entry.getKey();
          row.text(cell.dimension().label())
              .instant(cell.hour())
              .text(cell.tenant())
              .text(cell.key())
              .text(cell.key2());
          entry.getValue().write(row);
        });
    recent.write(handle);
  }
}
