package io.llmtrace.controlplane.ingest;

import io.llmtrace.policies.wire.Batch;
import io.llmtrace.policies.wire.CompletionRecord;
import io.llmtrace.policies.wire.InspectionRecord;
import io.llmtrace.policies.wire.TelemetryRecord;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.jdbi.v3.core.Handle;

/** Takes exchanges out of batches that were set aside. Stateless. */
public final class SetAsideErasure {
  private SetAsideErasure() {}

  /**
   * What one step did.
   *
   * @param last number of the last batch that was looked at; 0 when none is left
   * @param records taken out
   */
  public record Step(long last, long records) {}

  /**
   * Rewrites the next batches without some exchanges.
   *
   * @param handle in a transaction
   * @param after number of the last batch that was looked at before; 0 at first
   * @param most batches
   */
  public static Step step(Handle handle, Predicate<InspectionRecord> whose, long after, int most) {
    List<Map.Entry<Long, byte[]>> bodies =
        handle
            .createQuery(
                "SELECT id, body FROM set_aside_batches WHERE id > :after ORDER BY id LIMIT :most"
                    + " FOR UPDATE")
            .bind("after", after)
            .bind("most", most)
            .map((row, context) -> Map.entry(row.getLong("id"), row.getBytes("body")))
            .list();
    long last = 0;
    long records = 0;
    for (Map.Entry<Long, byte[]> body : bodies) {
      last = body.getKey();
      Batch batch = SetAside.gunzip(body.getValue());
      List<TelemetryRecord> rest = without(batch.records(), whose);
      int taken = batch.records().size() - rest.size();
      if (taken > 0) {
        records += taken;
        handle.execute(
            "UPDATE set_aside_batches SET body = ?, records = ? WHERE id = ?",
            SetAside.gzip(
                new Batch(batch.schema(), batch.node(), batch.bootId(), batch.sequence(), rest)),
            rest.size(),
            last);
      }
    }
    return new Step(last, records);
  }

  private static List<TelemetryRecord> without(
      List<TelemetryRecord> records, Predicate<InspectionRecord> whose) {
    Set<String> ids = new HashSet<>();
    for (TelemetryRecord record : records) {
      if (record instanceof InspectionRecord one && whose.test(one)) {
        ids.add(one.decisionId());
      }
    }
    List<TelemetryRecord> rest = new ArrayList<>();
    for (TelemetryRecord record : records) {
      boolean taken =
          record instanceof InspectionRecord one
              ? whose.test(one)
              : record instanceof CompletionRecord ended && ids.contains(ended.decisionId());
      if (!taken) {
        rest.add(record);
      }
    }
    return rest;
  }
}
