package io.llmtrace.controlplane.ingest;

import io.llmtrace.policies.detect.Receipt;
import io.llmtrace.policies.wire.Batch;
import java.util.Collection;
import java.util.Map;
import java.util.TreeMap;
import org.jdbi.v3.core.Handle;

/** How many records came from each process of a node. Stateless. */
final class ReceivedRecords {
  private ReceivedRecords() {}

  /** Adds batches that were taken for the first time, in the transaction that takes them. */
  static void add(Handle handle, Collection<Batch> taken) {
    if (taken.isEmpty()) {
      return;
    }
    // In one order, so that two replicas never wait for each other.
    Map<String, Map<String, Long>> sums = new TreeMap<>();
    for (Batch batch : taken) {
      if (batch.node().equals(Receipt.OTLP)) {
        // Each request is a process of its own, and none of them says what it has made.
        continue;
      }
      sums.computeIfAbsent(batch.node(), node -> new TreeMap<>())
          .merge(batch.bootId(), (long) batch.records().size(), Long::sum);
    }
    if (sums.isEmpty()) {
      return;
    }
    var upserts =
        handle.prepareBatch(
            "INSERT INTO received_records AS r (node, boot_id, records)"
                + " VALUES (:node, :boot, :records) ON CONFLICT (node, boot_id)"
                + " DO UPDATE SET records = r.records + excluded.records, updated_at = now()");
    sums.forEach(
        (node, boots) ->
            boots.forEach(
                (boot, records) ->
                    upserts.bind("node", node).bind("boot", boot).bind("records", records).add()));
    int[] unused = upserts.execute();
  }
}
