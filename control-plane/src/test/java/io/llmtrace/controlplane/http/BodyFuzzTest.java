package io.llmtrace.controlplane.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import jakarta.ws.rs.WebApplicationException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/**
 * Bodies of the API on any bytes, by every reader that there is: fields, or an answer that says
 * what is wrong with them. The first byte of an input says which reader it is for. Fuzzed with
 * {@code .ci/fuzz}.
 */
class BodyFuzzTest {
  private static final List<BodyFields> READERS = BodyReaders.all();

  @FuzzTest(maxDuration = "10m")
  void bodies(byte[] input) throws IOException {
    if (input.length == 0) {
      return;
    }
    byte[] sent = Arrays.copyOfRange(input, 1, input.length);
    try {
      JsonBody body = JsonBody.read(new ByteArrayInputStream(sent));
      READERS.get(Math.floorMod(input[0] - 'A', READERS.size())).read(body);
      body.finish();
    } catch (WebApplicationException e) {
      assertThat(e.getResponse().getStatus()).isIn(400, 413, 422);
    }
  }

  /** Cursors come back from callers, who may have made them themselves. */
  @FuzzTest(maxDuration = "10m")
  void cursors(byte[] bytes) {
    try {
      Cursor cursor = Cursor.decode(new String(bytes, StandardCharsets.UTF_8), 2);
      assertThat(cursor).isNotNull();
      assertThat(Cursor.decode(cursor.encoded(), 2)).isEqualTo(cursor);
    } catch (WebApplicationException e) {
      assertThat(e.getResponse().getStatus()).isEqualTo(400);
    }
  }
}
