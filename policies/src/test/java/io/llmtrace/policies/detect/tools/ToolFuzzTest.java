package io.llmtrace.policies.detect.tools;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import com.code_intelligence.jazzer.junit.FuzzTest;
import io.llmtrace.policies.detect.ExchangeReading;
import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.detect.Readings;
import io.llmtrace.policies.detect.SegmentReading;
import io.llmtrace.policies.detect.text.Normaliser;
import io.llmtrace.policies.exchange.Dialect;
import io.llmtrace.policies.exchange.Exchange;
import io.llmtrace.policies.exchange.Segment;
import io.llmtrace.policies.exchange.Zone;
import java.util.ArrayList;
import java.util.List;

/** Definitions of tools. Fuzzed with {@code policies/fuzz tools}. */
class ToolFuzzTest {
  @FuzzTest(maxDuration = "10m")
  void any_definitions_are_read(FuzzedDataProvider data) {
    List<Segment> segments = new ArrayList<>();
    int tools = data.consumeInt(1, 4);
    for (int i = 0; i < tools; i++) {
      String at = "/tools/" + i + "/function";
      segments.add(segment(at + "/name", data.consumeString(60)));
      segments.add(segment(at + "/description", data.consumeString(400)));
    }
    segments.add(new Segment(Zone.METADATA, "server", "/s", data.consumeRemainingAsString()));
    List<SegmentReading> readings = new ArrayList<>();
    for (Segment segment : segments) {
      readings.add(Normaliser.read(segment, Readings.unlimited()));
    }
    Exchange exchange =
        new Exchange(Dialect.OPENAI_CHAT, "openai", "m", false, segments, List.of(), 0);
    List<Finding> findings = new ArrayList<>();
    new ToolDetector(ToolMemory.ofAtMost(10))
        .detect(
            new ExchangeReading(exchange, readings, List.of(), "s"),
            Readings.unlimited(),
            findings::add);
    assertThat(findings).allMatch(f -> f.start() >= 0 && f.start() < f.end());
  }

  private static Segment segment(String pointer, String text) {
    return new Segment(Zone.METADATA, "tools", pointer, text);
  }
}
