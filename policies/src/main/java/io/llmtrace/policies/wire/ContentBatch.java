package io.llmtrace.policies.wire;

import java.util.List;

/**
 * What {@code POST /api/v1/ingest/content} takes, gzip-compressed. A record that was stored before
 * is not stored again.
 *
 * @param schema {@link #SCHEMA}
 * @param node name of the sending node
 */
public record ContentBatch(int schema, String node, List<ContentRecord> records) {
  /** The version of these types that this release writes. */
  public static final int SCHEMA = 1;

  public ContentBatch {
    records = List.copyOf(records);
  }
}
