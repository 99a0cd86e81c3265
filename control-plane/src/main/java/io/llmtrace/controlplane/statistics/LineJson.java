package io.llmtrace.controlplane.statistics;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.SerializableString;
import com.fasterxml.jackson.core.io.SerializedString;
import com.fasterxml.jackson.databind.JsonSerializable;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.jsontype.TypeSerializer;
import io.llmtrace.controlplane.statistics.Measures.Sum;
import io.llmtrace.controlplane.statistics.Statistics.By;
import io.llmtrace.controlplane.statistics.Statistics.Line;
import java.io.IOException;
import java.math.BigDecimal;
import java.util.Arrays;

/**
 * A line of an answer as it is written: straight, for there may be tens of thousands, each of two
 * dozen fields. Immutable.
 */
final class LineJson implements JsonSerializable {
  private static final double[] QUANTILES = {0.5, 0.9, 0.95, 0.99};
  private static final SerializableString[] LATENCIES = {
    name("latency_p50_ms"), name("latency_p90_ms"), name("latency_p95_ms"), name("latency_p99_ms")
  };
  private static final Sum[] SUMS = Sum.values();
  private static final SerializableString[] NAMES =
      Arrays.stream(SUMS).map(sum -> name(sum.column())).toArray(SerializableString[]::new);
  private static final SerializableString COST = name("cost_usd");

  private final By by;
  private final Line line;

  LineJson(By by, Line line) {
    this.by = by;
    this.line = line;
  }

  private static SerializableString name(String text) {
    return new SerializedString(text);
  }

  @Override
  public void serialize(JsonGenerator out, SerializerProvider provider) throws IOException {
    out.writeStartObject();
    if (line.bucket() != null) {
      out.writeStringField("bucket", line.bucket().toString());
    }
    switch (by) {
      case TENANT -> out.writeStringField("tenant", String.valueOf(line.tenant()));
      case ROUTE, CONSUMER, AGENT, PROVIDER -> out.writeStringField(by.label(), line.key());
      case MODEL -> {
        out.writeStringField("provider", line.key());
        out.writeStringField("model", line.key2());
      }
      case FINDING -> {
        out.writeStringField("type", line.key());
        out.writeStringField("severity", line.key2());
      }
    }
    if (by == By.FINDING) {
      out.writeNumberField("findings", line.sums().get(Sum.FINDINGS));
    } else {
      sums(out);
    }
    out.writeEndObject();
  }

  private void sums(JsonGenerator out) throws IOException {
    for (int i = 0; i < SUMS.length; i++) {
      out.writeFieldName(NAMES[i]);
      out.writeNumber(line.sums().get(SUMS[i]));
    }
    BigDecimal cost = line.sums().costUsd();
    out.writeFieldName(COST);
    out.writeNumber(cost.signum() == 0 ? BigDecimal.ZERO : cost.stripTrailingZeros());
    double[] latencies = line.sums().latencies(QUANTILES);
    for (int i = 0; i < latencies.length; i++) {
      // Three digits: a sketch knows no more.
      out.writeFieldName(LATENCIES[i]);
      out.writeNumber(ThreeDigits.of(latencies[i]));
    }
  }

  @Override
  public void serializeWithType(
      JsonGenerator out, SerializerProvider provider, TypeSerializer unused) throws IOException {
    serialize(out, provider);
  }
}
