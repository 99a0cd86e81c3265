package io.llmtrace.controlplane.ingest;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectWriter;
import io.llmtrace.controlplane.access.Caller;
import io.llmtrace.controlplane.storage.StorableJson;
import io.llmtrace.policies.id.Ulid;
import io.llmtrace.policies.json.WireJson;
import io.llmtrace.policies.wire.Batch;
import io.llmtrace.policies.wire.CompletionRecord;
import io.llmtrace.policies.wire.InspectionRecord;
import io.llmtrace.policies.wire.LossRecord;
import io.llmtrace.policies.wire.TelemetryRecord;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A batch that was checked and written as JSON outside of any transaction, on its request's own
 * thread.
 *
 * @param keyId the lineage of the key it came with: a rotated key goes on where the old one was
 * @param bounded who may send for some tenants only; null where that was looked at before
 * @param inspections by decision id, the first of equal ones
 * @param completions by decision id, the first of equal ones
 * @param invalid records that cannot be stored
 * @param latest the latest day of any record
 */
record Prepared(
    String keyId,
    @Nullable Caller bounded,
    Batch batch,
    Map<String, Row<InspectionRecord>> inspections,
    Map<String, Row<CompletionRecord>> completions,
    List<LossRecord> losses,
    int invalid,
    LocalDate latest) {
  private static final Logger log = LoggerFactory.getLogger(Prepared.class);
  private static final ObjectWriter RECORDS = WireJson.mapper().writerFor(TelemetryRecord.class);
  private static final long DAY_MILLIS = 86_400_000;

  /**
   * A record and what is stored of it.
   *
   * @param json the record, for a column of that type
   * @param findings each as JSON, in the order of the record
   */
  record Row<T>(String node, T record, LocalDate day, String json, List<String> findings) {}

  static Prepared of(String keyId, @Nullable Caller bounded, Batch batch) {
    Map<String, Row<InspectionRecord>> inspections = new LinkedHashMap<>();
    Map<String, Row<CompletionRecord>> completions = new LinkedHashMap<>();
    List<LossRecord> losses = new ArrayList<>();
    int invalid = 0;
    LocalDate latest = LocalDate.MIN;
    for (int i = 0; i < batch.records().size(); i++) {
      TelemetryRecord record = batch.records().get(i);
      String problem = WireRules.problem((Record) record, "records[" + i + "].");
      if (problem != null) {
        log.warn("Record of node {} not stored: {}", batch.node(), problem);
        invalid++;
      } else if (record instanceof InspectionRecord one && Ulid.isValid(one.decisionId())) {
        Row<InspectionRecord> row = row(batch.node(), one);
        inspections.putIfAbsent(one.decisionId(), row);
        latest = row.day().isAfter(latest) ? row.day() : latest;
      } else if (record instanceof CompletionRecord one && Ulid.isValid(one.decisionId())) {
        Row<CompletionRecord> row = row(batch.node(), one);
        completions.putIfAbsent(one.decisionId(), row);
        latest = row.day().isAfter(latest) ? row.day() : latest;
      } else if (record instanceof LossRecord loss && loss.count() > 0) {
        losses.add(loss);
      } else {
        // Refusing the batch would lose the good records beside it.
        invalid++;
      }
    }
    return new Prepared(keyId, bounded, batch, inspections, completions, losses, invalid, latest);
  }

  static Row<InspectionRecord> row(String node, InspectionRecord record) {
    return new Row<>(
        node, record, day(record.decisionId()), json(record), jsons(record.findings()));
  }

  static Row<CompletionRecord> row(String node, CompletionRecord record) {
    return new Row<>(
        node, record, day(record.decisionId()), json(record), jsons(record.findings()));
  }

  static LocalDate day(String decisionId) {
    return LocalDate.ofEpochDay(Ulid.time(decisionId).toEpochMilli() / DAY_MILLIS);
  }

  /** Written as lines of a batch, so that each keeps its {@code kind}. */
  private static String json(TelemetryRecord record) {
    try {
      return StorableJson.of(RECORDS.writeValueAsString(record));
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("not to be written as JSON", e);
    }
  }

  private static List<String> jsons(List<?> values) {
    if (values.isEmpty()) {
      return List.of();
    }
    List<String> jsons = new ArrayList<>(values.size());
    for (Object value : values) {
      try {
        jsons.add(StorableJson.of(WireJson.mapper().writeValueAsString(value)));
      } catch (JsonProcessingException e) {
        throw new IllegalArgumentException("not to be written as JSON", e);
      }
    }
    return jsons;
  }
}
