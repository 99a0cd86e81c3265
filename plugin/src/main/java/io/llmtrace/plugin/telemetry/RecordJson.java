package io.llmtrace.plugin.telemetry;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectWriter;
import io.llmtrace.policies.wire.TelemetryRecord;
import io.llmtrace.policies.wire.WireJson;

/** JSON of one record, with its {@code kind}. */
final class RecordJson {
  // Said by type: the kind is written only where the declared type is the interface.
  private static final ObjectWriter WRITER = WireJson.mapper().writerFor(TelemetryRecord.class);

  private RecordJson() {}

  static byte[] of(TelemetryRecord item) {
    try {
      return WRITER.writeValueAsBytes(item);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a telemetry record has no JSON form", e);
    }
  }
}
