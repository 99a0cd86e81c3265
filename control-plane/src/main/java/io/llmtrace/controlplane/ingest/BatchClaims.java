package io.llmtrace.controlplane.ingest;

import io.llmtrace.policies.wire.Batch;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jdbi.v3.core.Handle;

/** Which batches are new: each is stored by the transaction that claims it. Stateless. */
final class BatchClaims {
  private BatchClaims() {}

  /** Of all batches those that nobody stored before; equal ones in a group count once. */
  static Set<Integer> claim(Handle handle, List<Prepared> group) {
    Map<String, Integer> places = new LinkedHashMap<>();
    for (int i = 0; i < group.size(); i++) {
      places.putIfAbsent(name(group.get(i)), i);
    }
    List<Prepared> first = places.values().stream().map(group::get).toList();
    Set<Integer> fresh = new HashSet<>();
    handle
        .createQuery(
            "INSERT INTO batches (key_id, node, boot_id, sequence, records)"
                + " SELECT * FROM unnest(:keys, :nodes, :boots, :sequences, :records)"
                // In one order, so that two replicas never wait for each other.
                + " ORDER BY 1, 2, 3, 4 ON CONFLICT DO NOTHING"
                + " RETURNING key_id, node, boot_id, sequence")
        .bindArray("keys", String.class, first.stream().map(Prepared::keyId).toList())
        .bindArray("nodes", String.class, first.stream().map(one -> one.batch().node()).toList())
        .bindArray("boots", String.class, first.stream().map(one -> one.batch().bootId()).toList())
        .bindArray("sequences", Long.class, first.stream().map(p -> p.batch().sequence()).toList())
        .bindArray(
            "records", Integer.class, first.stream().map(p -> p.batch().records().size()).toList())
        .map(
            (row, context) ->
                name(
                    row.getString("key_id"),
                    row.getString("node"),
                    row.getString("boot_id"),
                    row.getLong("sequence")))
        .forEach(name -> fresh.add(places.get(name)));
    ReceivedRecords.add(handle, fresh.stream().map(place -> group.get(place).batch()).toList());
    return fresh;
  }

  private static String name(Prepared one) {
    Batch batch = one.batch();
    return name(one.keyId(), batch.node(), batch.bootId(), batch.sequence());
  }

  // No name holds a control code.
  private static String name(String key, String node, String boot, long sequence) {
    return key + '\n' + node + '\n' + boot + '\n' + sequence;
  }
}
