package io.llmtrace.policies.wire;

import java.util.List;

/**
 * What {@code POST /api/v1/ingest/batches} takes, gzip-compressed. The control plane applies a
 * batch once for each (key, node, boot id, sequence), however often it is sent.
 *
 * @param schema {@link #SCHEMA}
 * @param node name of the sending node
 * @param bootId random id of the process that wrote the records
 * @param sequence number of the batch in that process, from 1
 * @param records the records, in the order they were written
 */
public record Batch(
    int schema, String node, String bootId, long sequence, List<TelemetryRecord> records) {

  /** The version of the wire types that this release writes. */
  public static final int SCHEMA = 1;

  public Batch {
    records = List.copyOf(records);
  }
}
