package io.llmtrace.policies.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.llmtrace.policies.json.WireJson;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * Every dialect's reader of requests, answers and streams on any bytes: it ends in texts or in a
 * reason, and never in more text than a small multiple of what came. The first byte of an input
 * says which dialect reads it. Fuzzed with {@code .ci/fuzz}.
 */
class DialectFuzzTest {
  private static final Dialect[] DIALECTS = Dialect.values();
  private static final ObjectMapper JSON = WireJson.mapper();

  /** A text may be a segment of its own, a part of one around it and an argument of a tool. */
  private static final int MOST_COPIES = 8;

  @FuzzTest(maxDuration = "10m")
  void requests(byte[] input) {
    if (input.length == 0) {
      return;
    }
    byte[] body = Arrays.copyOfRange(input, 1, input.length);
    try {
      Exchange exchange =
          ExchangeReader.read(
              new RequestContent("POST", "/x", Map.of("content-type", "application/json"), body),
              dialect(input[0]));
      bounded(exchange.segments(), body.length);
    } catch (UnreadableBodyException e) {
      assertThat(e.reason()).isNotBlank();
    }
  }

  @FuzzTest(maxDuration = "10m")
  void answers(byte[] input) {
    if (input.length > 0) {
      answer(dialect(input[0]), text(input));
    }
  }

  /** Lines of the input as events: what is in them, and not their frame, is what is fuzzed. */
  @FuzzTest(maxDuration = "10m")
  void events(byte[] input) {
    if (input.length > 0) {
      StringBuilder stream = new StringBuilder();
      text(input).lines().forEach(line -> stream.append("data: ").append(line).append("\n\n"));
      answer(dialect(input[0]), stream.append("data: [DONE]\n\n").toString());
    }
  }

  /** Lines of the input as frames of Amazon's, with their sums right. */
  @FuzzTest(maxDuration = "10m")
  void frames(byte[] input) throws IOException {
    if (input.length == 0) {
      return;
    }
    ByteArrayOutputStream frames = new ByteArrayOutputStream();
    List<String> types = List.of("chunk", "contentBlockDelta", "messageStop", "metadata");
    int number = 0;
    for (String line : text(input).lines().toList()) {
      JsonNode payload = ProviderText.json(line);
      String type = types.get(number++ % types.size());
      frames.writeBytes(
          EventFrames.encode(type, payload.isContainerNode() ? payload : JSON.createObjectNode()));
    }
    answer(dialect(input[0]), frames.toString(StandardCharsets.ISO_8859_1));
  }

  private static void answer(Dialect dialect, String body) {
    bounded(AnswerReader.read(dialect, body).segments(), body.length());
    assertThat(ResponseReader.read(dialect, body, 200)).isNotNull();
    assertThat(ResponseReader.read(null, body, 500).errorReason()).isEqualTo("http_5xx");
  }

  private static void bounded(List<Segment> segments, int bytes) {
    long characters = segments.stream().mapToLong(segment -> segment.text().length()).sum();
    assertThat(characters).isLessThanOrEqualTo((long) MOST_COPIES * bytes + 64);
  }

  private static Dialect dialect(byte selector) {
    return DIALECTS[Math.floorMod(selector - 'A', DIALECTS.length)];
  }

  private static String text(byte[] input) {
    return new String(input, 1, input.length - 1, StandardCharsets.UTF_8);
  }
}
