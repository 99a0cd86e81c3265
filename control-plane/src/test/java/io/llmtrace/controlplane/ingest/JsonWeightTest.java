package io.llmtrace.controlplane.ingest;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.llmtrace.controlplane.Records;
import io.llmtrace.policies.id.Ulid;
import io.llmtrace.policies.json.WireJson;
import io.llmtrace.policies.wire.Batch;
import io.llmtrace.policies.wire.TelemetryRecord;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class JsonWeightTest {
  private static int of(String json) {
    byte[] bytes = json.getBytes(UTF_8);
    return new JsonWeight().of(bytes, bytes.length);
  }

  @Test
  void manySmallThingsWeighWhatIsMadeOfThem() {
    String objects = "[" + "{},".repeat(9_999) + "{}]";
    assertThat(of(objects)).isGreaterThan(10_000 * JsonWeight.VALUE).isGreaterThan(30 * 3_000);
    String numbers = "[" + "1,".repeat(9_999) + "1]";
    assertThat(of(numbers)).isGreaterThan(9_999 * JsonWeight.VALUE);
    StringBuilder fields = new StringBuilder("{");
    for (int i = 0; i < 10_000; i++) {
      fields.append(i == 0 ? "" : ",").append('"').append(i).append("\":1");
    }
    assertThat(of(fields.append('}').toString())).isGreaterThanOrEqualTo(10_000 * JsonWeight.FIELD);
  }

  @Test
  void whatStandsInTextsIsText() {
    String text = "\"" + "{[,:\\\"".repeat(1_000) + "\"";
    assertThat(of(text)).isEqualTo(text.length());
  }

  @Test
  void whereAPieceEndsChangesNothing() {
    byte[] json = ("{\"a\":\"" + "\\\\\\\",".repeat(50) + "\",\"b\":[1,2,{}]}").getBytes(UTF_8);
    int whole = new JsonWeight().of(json, json.length);
    for (int piece : new int[] {1, 2, 3, 7}) {
      JsonWeight weight = new JsonWeight();
      int sum = 0;
      for (int at = 0; at < json.length; at += piece) {
        int count = Math.min(piece, json.length - at);
        sum += weight.of(Arrays.copyOfRange(json, at, at + count), count);
      }
      // Each piece weighs its bytes at least, so small ones weigh no less.
      assertThat(sum).as("pieces of %s", piece).isGreaterThanOrEqualTo(whole);
    }
  }

  @Test
  void batchesAsPluginsSendThemWeighLittleMoreThanTheirBytes() throws Exception {
    Ulid ids = new Ulid();
    List<TelemetryRecord> records = new ArrayList<>();
    for (int i = 0; i < 500; i++) {
      records.add(Records.inspection(ids.next(), Records.Who.tenant("acme")));
    }
    String batch =
        WireJson.mapper().writeValueAsString(new Batch(Batch.SCHEMA, "gw", ids.next(), 1, records));
    assertThat((double) of(batch) / batch.length()).isLessThan(2);
  }
}
