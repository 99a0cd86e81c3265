package io.llmtrace.controlplane.ingest;

import io.llmtrace.controlplane.ingest.Completions.Joined;
import io.llmtrace.controlplane.ingest.Prepared.Row;
import io.llmtrace.controlplane.storage.CopyInto;
import io.llmtrace.controlplane.storage.RetentionClass;
import io.llmtrace.controlplane.storage.SeverityRank;
import io.llmtrace.controlplane.storage.StorableJson;
import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.wire.CompletionRecord;
import io.llmtrace.policies.wire.InspectionRecord;
import java.sql.SQLException;
import java.time.LocalDate;
import java.util.Collection;
import java.util.List;
import java.util.function.Function;
import org.jdbi.v3.core.Handle;

/** The columns of exchanges, completions and findings, and what of a record stands in each. */
final class ExchangeTables {
  private static final CopyInto EXCHANGES =
      CopyInto.table(
          "exchanges",
          List.of(
              "decision_id",
              "day",
              "retention",
              "at",
              "node",
              "tenant",
              "route",
              "consumer",
              "agent",
              "provider",
              "model",
              "dialect",
              "outcome",
              "findings",
              "tap",
              "conversation",
              "record"));
  private static final CopyInto COMPLETIONS =
      CopyInto.table(
          "completions",
          List.of(
              "decision_id",
              "day",
              "retention",
              "at",
              "node",
              "tenant",
              "status",
              "latency_ms",
              "cost_usd",
              "record"));
  private static final CopyInto FINDINGS =
      CopyInto.table(
          "findings",
          List.of(
              "decision_id",
              "day",
              "retention",
              "origin",
              "place",
              "at",
              "tenant",
              "route",
              "type",
              "severity",
              "confidence",
              "evidence",
              "record"));

  /** A finding with the exchange that it stands in. */
  record Found(
      String decisionId,
      LocalDate day,
      RetentionClass retention,
      String origin,
      int place,
      long at,
      String tenant,
      String route,
      Finding finding,
      String json) {}

  private ExchangeTables() {}

  /** Adds exchanges; none of them may be there. */
  static void exchanges(
      Handle handle,
      Collection<Row<InspectionRecord>> rows,
      Function<String, RetentionClass> retention)
      throws SQLException {
    EXCHANGES.rows(
        handle,
        rows,
        (from, row) -> {
          InspectionRecord record = from.record();
          row.text(record.decisionId())
              .day(from.day())
              .text(retention.apply(record.tenant()).label())
              .number(record.at())
              .text(from.node())
              .text(record.tenant())
              .text(record.route())
              .text(record.consumer())
              .text(record.agent())
              .text(record.provider())
              .text(record.model())
              .text(record.dialect().label())
              .text(record.outcome())
              .number(record.findings().size())
              .yes(record.tap())
              .text(record.conversation())
              .json(from.json());
        });
  }

  /** Adds completions beside their exchanges; none of them may be there. */
  static void completions(Handle handle, List<Joined> joined) throws SQLException {
    COMPLETIONS.rows(
        handle,
        joined,
        (one, row) -> {
          CompletionRecord record = one.row().record();
          row.text(record.decisionId())
              .day(one.row().day())
              .text(one.first().retention().label())
              .number(record.at())
              .text(one.row().node())
              .text(one.first().keys().tenant())
              .number(record.status())
              .number(record.latencyMs())
              .number(record.costUsd() == null ? null : (Double) record.costUsd().doubleValue())
              .json(one.row().json());
        });
  }

  static void findings(Handle handle, List<Found> findings) throws SQLException {
    FINDINGS.rows(
        handle,
        findings,
        (found, row) ->
            row.text(found.decisionId())
                .day(found.day())
                .text(found.retention().label())
                .text(found.origin())
                .number(found.place())
                .number(found.at())
                .text(found.tenant())
                .text(found.route())
                .text(found.finding().type().label())
                .text(found.finding().severity().label())
                .number((Double) found.finding().confidence())
                .text(found.finding().evidence())
                .json(found.json()));
    outbox(handle, findings);
  }

  /** What is sent to a SIEM is noted in the same transaction; without sinks that is nothing. */
  private static void outbox(Handle handle, List<Found> findings) {
    if (findings.isEmpty()) {
      return;
    }
    handle
        .createUpdate(
            "INSERT INTO siem_outbox (sink, decision_id, day, origin, place, tenant)"
                + " SELECT s.name, f.id, llmtrace_ulid_day(f.id), f.origin, f.place, f.tenant"
                + " FROM siem_sinks s CROSS JOIN unnest(:ids, :origins, :places, :tenants,"
                + " :severities) WITH ORDINALITY AS f(id, origin, place, tenant, severity, n)"
                + " WHERE f.severity >= s.min_severity ORDER BY s.name, f.n")
        .bindArray("ids", String.class, findings.stream().map(Found::decisionId).toList())
        .bindArray("origins", String.class, findings.stream().map(Found::origin).toList())
        .bindArray("places", Integer.class, findings.stream().map(Found::place).toList())
        .bindArray(
            "tenants",
            String.class,
            findings.stream().map(each -> StorableJson.text(each.tenant())).toList())
        .bindArray(
            "severities",
            Integer.class,
            findings.stream().map(each -> SeverityRank.of(each.finding().severity())).toList())
        .execute();
  }
}
