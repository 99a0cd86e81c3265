package io.llmtrace.controlplane.ingest;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.llmtrace.policies.limit.LeaseRequest;
import io.llmtrace.policies.wire.Batch;
import io.llmtrace.policies.wire.ContentBatch;
import io.llmtrace.policies.wire.NodeSnapshot;
import io.llmtrace.policies.wire.TelemetryRecord;
import jakarta.ws.rs.WebApplicationException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;

/**
 * What a plugin sends, on any bytes: a record that is sound, or an answer that says what is wrong.
 * The first byte of an input says which body it is. Fuzzed with {@code .ci/fuzz}.
 */
class WireFuzzTest {
  private static final List<Class<? extends Record>> TYPES =
      List.of(Batch.class, NodeSnapshot.class, LeaseRequest.class, ContentBatch.class);

  private static final WireBody BODIES = new WireBody();

  @FuzzTest(maxDuration = "10m")
  void bodies(byte[] input) throws IOException {
    read(input, null);
  }

  @FuzzTest(maxDuration = "10m")
  void packedBodies(byte[] input) throws IOException {
    read(input, "gzip");
  }

  private static void read(byte[] input, String encoding) throws IOException {
    if (input.length == 0) {
      return;
    }
    byte[] body = Arrays.copyOfRange(input, 1, input.length);
    Class<? extends Record> type = TYPES.get(Math.floorMod(input[0] - '0', TYPES.size()));
    try {
      String unused =
          BODIES.use(
              new ByteArrayInputStream(body), encoding, type, "busy", value -> checked(value));
    } catch (WebApplicationException e) {
      assertThat(e.getResponse().getStatus()).isIn(400, 413);
    }
  }

  private static String checked(Record value) {
    if (value instanceof Batch batch) {
      for (TelemetryRecord each : batch.records()) {
        String unused = String.valueOf(WireRules.problem((Record) each, "record."));
      }
      return String.valueOf(WireRules.problem(batch));
    }
    return String.valueOf(WireRules.problem(value, ""));
  }
}
