package io.llmtrace.runtime.logging;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.LoggingEvent;
import ch.qos.logback.core.encoder.Encoder;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.llmtrace.runtime.config.LoggingConfig;
import java.nio.ByteBuffer;
import java.nio.charset.CodingErrorAction;
import java.util.Map;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.slf4j.event.KeyValuePair;

/** A line is one line, and valid, whatever is logged. */
class LogLinesPropertiesTest {
  private static final String HOSTILE =
      "\r\n"
          + "\t\u0000\u0007\u001b\u007f\u0085\u2028\u2029\u202e\u2066\ud800\udbff\udc00\udfff\ufffe\"\\{}%é漢";
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION);

  private final LoggerContext context = new LoggerContext();

  @Provide
  Arbitrary<String> texts() {
    return Arbitraries.oneOf(
        Arbitraries.strings().withChars(HOSTILE).ofMaxLength(40),
        // Every UTF-16 unit, so also halves of pairs.
        Arbitraries.strings().withCharRange('\u0000', '\uffff').ofMaxLength(40),
        Arbitraries.of("timestamp", "level", "message", "exception", "", "{}", "%s"));
  }

  private LoggingEvent event(String message, String name, Object value, String thrown) {
    LoggingEvent event = new LoggingEvent();
    event.setLoggerContext(context);
    event.setLevel(Level.WARN);
    event.setLoggerName("io.llmtrace.sample");
    event.setTimeStamp(1_768_473_000_000L);
    event.setMessage(message);
    event.setMDCPropertyMap(Map.of(name, "mdc", "trace_id", String.valueOf(value)));
    event.addKeyValuePair(new KeyValuePair(name, value));
    event.addKeyValuePair(new KeyValuePair("status", 200));
    event.setThrowableProxy(
        new ch.qos.logback.classic.spi.ThrowableProxy(new IllegalStateException(thrown)));
    return event;
  }

  private String encoded(LoggingConfig.Format format, LoggingEvent event) {
    Encoder<ch.qos.logback.classic.spi.ILoggingEvent> encoder =
        LogSetup.encoder(context, format, "llmtrace_plugin");
    byte[] bytes = encoder.encode(event);
    try {
      return UTF_8
          .newDecoder()
          .onMalformedInput(CodingErrorAction.REPORT)
          .decode(ByteBuffer.wrap(bytes))
          .toString();
    } catch (java.nio.charset.CharacterCodingException e) {
      throw new AssertionError("no UTF-8", e);
    }
  }

  @Property(tries = 2_000, seed = "20260115")
  void jsonIsOneValidLine(
      @ForAll("texts") String message,
      @ForAll("texts") String name,
      @ForAll("texts") String value,
      @ForAll("texts") String thrown)
      throws Exception {
    String line = encoded(LoggingConfig.Format.JSON, event(message, name, value, thrown));
    assertThat(line).endsWith("}\n");
    String body = line.substring(0, line.length() - 1);
    assertThat(body.codePoints().anyMatch(LogText::isUnsafe)).isFalse();
    JsonNode json = JSON.readTree(body);
    assertThat(json.get("message").asText()).isEqualTo(LogText.wellFormed(message));
    assertThat(json.get("level").asText()).isEqualTo("WARN");
    assertThat(json.get("target").asText()).isEqualTo("llmtrace_plugin");
    assertThat(json.get("exception").asText()).contains("IllegalStateException");
  }

  @Property(tries = 2_000, seed = "20260116")
  void textIsOneLineAndItsStackIsIndented(
      @ForAll("texts") String message,
      @ForAll("texts") String name,
      @ForAll("texts") String value,
      @ForAll("texts") String thrown) {
    String text = encoded(LoggingConfig.Format.TEXT, event(message, name, value, thrown));
    String[] lines = text.split("\n", -1);
    assertThat(lines[0]).startsWith("2026-01-15T10:30:00.000Z WARN  ");
    assertThat(lines[lines.length - 1]).isEmpty();
    for (int i = 0; i < lines.length - 1; i++) {
      String line = i == 0 ? lines[i] : lines[i].substring(1);
      assertThat(line.codePoints().anyMatch(LogText::isUnsafe)).isFalse();
      assertThat(i == 0 || lines[i].startsWith("\t")).isTrue();
    }
  }

  @Example
  void hugeTextsAreCutAndSaySo() throws Exception {
    String huge = "x".repeat(LogText.LONGEST - 1) + "\ud83d\ude00".repeat(500_000);
    String line = encoded(LoggingConfig.Format.JSON, event(huge, "field", huge, "why"));
    JsonNode json = JSON.readTree(line);
    assertThat(json.get("message").asText())
        .hasSizeLessThan(LogText.LONGEST + 60)
        .endsWith("more)");
    assertThat(json.get("field").asText()).hasSizeLessThan(LogText.LONGEST + 60);
    assertThat(line.indexOf('\n')).isEqualTo(line.length() - 1);
  }

  @Example
  void aValueThatCannotBeShownCostsNoLine() throws Exception {
    Object broken =
        new Object() {
          @Override
          public String toString() {
            throw new IllegalStateException("no");
          }
        };
    LoggingEvent event = event("m", "a", "b", "c");
    event.addKeyValuePair(new KeyValuePair("broken", broken));
    event.addKeyValuePair(new KeyValuePair("nothing", null));
    event.addKeyValuePair(new KeyValuePair("nan", Double.NaN));
    JsonNode json = JSON.readTree(encoded(LoggingConfig.Format.JSON, event));
    assertThat(json.get("broken").asText()).contains("has no text", "IllegalStateException");
    assertThat(json.get("nan").asText()).isEqualTo("NaN");
    assertThat(encoded(LoggingConfig.Format.TEXT, event)).contains("broken=\"(");
  }

  @Property(tries = 1_000, seed = "20260117")
  void aMaskedBodyHasNoTextOfAnybody(@ForAll("texts") String text) throws Exception {
    String marker = "Secret-" + text;
    String body =
        JSON.writeValueAsString(
            Map.of(
                "model",
                "gpt-4o",
                "messages",
                java.util.List.of(Map.of("role", "user", "content", marker)),
                marker,
                4_111_111_111_111_111L,
                "top_p",
                0.5));
    String masked = Bodies.masked(body);
    assertThat(masked)
        .contains("\"model\":\"gpt-4o\"", "\"role\":\"user\"", "0.5")
        .doesNotContain("Secret- ", "4111111111111111");
    JsonNode json = JSON.readTree(masked);
    assertThat(json.at("/messages/0/content").asText())
        .startsWith("*** (")
        .doesNotContain("Secret");
    assertThat(Bodies.masked(marker)).startsWith("*** (").doesNotContain("Secret");
    assertThat(Bodies.masked(body + "," + marker)).doesNotContain("\"content\":\"Secret");
  }
}
