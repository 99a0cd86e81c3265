package io.llmtrace.runtime.logging;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.encoder.EncoderBase;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.SerializableString;
import com.fasterxml.jackson.core.io.CharacterEscapes;
import com.fasterxml.jackson.core.io.SerializedString;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.event.KeyValuePair;

/**
 * One JSON object a line: {@code timestamp}, {@code level}, {@code target}, {@code message}, then
 * the event's own fields (key-values and MDC), then the logger and the stack. Key-values keep their
 * JSON type when they are numbers or booleans. Whatever is logged, a line is one line and valid:
 * what some reader takes for the end of a line is escaped, half a surrogate pair replaced, a text
 * of more than {@value LogText#LONGEST} units cut. Thread-safe.
 */
final class JsonLineEncoder extends EncoderBase<ILoggingEvent> {
  private static final JsonFactory JSON =
      new JsonFactoryBuilder().characterEscapes(new Escapes()).build();
  private static final byte[] NOTHING = {};

  private final String target;

  JsonLineEncoder(String target) {
    this.target = target;
  }

  @Override
  public byte[] headerBytes() {
    return NOTHING;
  }

  @Override
  public byte[] footerBytes() {
    return NOTHING;
  }

  @Override
  public byte[] encode(ILoggingEvent event) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(256);
    try (JsonGenerator json = JSON.createGenerator(bytes)) {
      json.writeStartObject();
      json.writeStringField(
          "timestamp",
          Instant.ofEpochMilli(event.getTimeStamp()).truncatedTo(ChronoUnit.MILLIS).toString());
      json.writeStringField("level", event.getLevel().toString());
      json.writeStringField("target", target);
      json.writeStringField("message", LogText.wellFormed(LogText.of(event.getFormattedMessage())));
      for (Map.Entry<String, Object> field : fields(event).entrySet()) {
        write(json, field.getKey(), field.getValue());
      }
      json.writeStringField("logger", LogText.wellFormed(event.getLoggerName()));
      @Nullable IThrowableProxy thrown = event.getThrowableProxy();
      if (thrown != null) {
        json.writeStringField("exception", LogText.wellFormed(ThrowableProxyUtil.asString(thrown)));
      }
      json.writeEndObject();
      json.writeRaw('\n');
    } catch (IOException e) {
      throw new UncheckedIOException("A buffer in memory refused a write", e);
    }
    return bytes.toByteArray();
  }

  /** Own fields of the event; a name of ours is kept for us, or a line would have it twice. */
  private static Map<String, Object> fields(ILoggingEvent event) {
    Map<String, Object> fields = new LinkedHashMap<>();
    event.getMDCPropertyMap().forEach((name, value) -> put(fields, name, value));
    @Nullable List<KeyValuePair> pairs = event.getKeyValuePairs();
    if (pairs != null) {
      for (KeyValuePair pair : pairs) {
        put(fields, pair.key, pair.value);
      }
    }
    for (String ours : List.of("timestamp", "level", "target", "message", "logger", "exception")) {
      fields.remove(ours);
    }
    return fields;
  }

  /** By a name that can be written, so that no line has one twice. */
  private static void put(
      Map<String, Object> fields, @Nullable String name, @Nullable Object value) {
    if (name != null && value != null) {
      fields.put(LogText.wellFormed(name), value);
    }
  }

  private static void write(JsonGenerator json, String name, Object value) throws IOException {
    json.writeFieldName(name);
    if (value instanceof Integer || value instanceof Long || value instanceof Short) {
      json.writeNumber(((Number) value).longValue());
    } else if (value instanceof Number number && Double.isFinite(number.doubleValue())) {
      json.writeNumber(number.doubleValue());
    } else if (value instanceof Boolean flag) {
      json.writeBoolean(flag);
    } else {
      json.writeString(LogText.wellFormed(LogText.of(value)));
    }
  }

  /** Escapes what JSON allows as it is and readers of lines, or terminals, do not. */
  private static final class Escapes extends CharacterEscapes {
    private static final long serialVersionUID = 1L;
    private final int[] ascii = standardAsciiEscapesForJSON();

    Escapes() {
      ascii[0x7f] = ESCAPE_STANDARD;
    }

    @Override
    public int[] getEscapeCodesForAscii() {
      return ascii;
    }

    @Override
    public @Nullable SerializableString getEscapeSequence(int c) {
      return LogText.isUnsafe(c) ? new SerializedString("\\u%04x".formatted(c)) : null;
    }
  }
}
