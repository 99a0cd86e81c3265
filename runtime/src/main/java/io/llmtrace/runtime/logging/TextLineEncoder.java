package io.llmtrace.runtime.logging;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.encoder.EncoderBase;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.event.KeyValuePair;

/**
 * A line for people: time, level, logger, message, key-values. Nothing in a message begins a line
 * of its own; the stack of an exception follows, each of its lines indented. Thread-safe.
 */
final class TextLineEncoder extends EncoderBase<ILoggingEvent> {
  private static final byte[] NOTHING = {};
  private static final int LONGEST_LOGGER = 24;
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSS'Z'").withZone(ZoneOffset.UTC);

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
    StringBuilder line = new StringBuilder(160);
    TIME.formatTo(Instant.ofEpochMilli(event.getTimeStamp()), line);
    String level = event.getLevel().toString();
    line.append(' ').append(level).append(" ".repeat(Math.max(1, 6 - level.length())));
    line.append(abbreviated(event.getLoggerName())).append(' ');
    line.append(LogText.oneLine(LogText.of(event.getFormattedMessage())));
    @Nullable List<KeyValuePair> pairs = event.getKeyValuePairs();
    if (pairs != null) {
      for (KeyValuePair pair : pairs) {
        if (pair.value != null) {
          line.append(' ')
              .append(LogText.oneLine(pair.key))
              .append("=\"")
              .append(LogText.oneLine(LogText.of(pair.value)).replace("\"", "\\\""))
              .append('"');
        }
      }
    }
    line.append('\n');
    @Nullable IThrowableProxy thrown = event.getThrowableProxy();
    if (thrown != null) {
      LogText.wellFormed(ThrowableProxyUtil.asString(thrown))
          .lines()
          .forEach(each -> line.append('\t').append(LogText.oneLine(each.strip())).append('\n'));
    }
    return line.toString().getBytes(StandardCharsets.UTF_8);
  }

  /** Packages by their first letters, from the left, until it fits. */
  private static String abbreviated(String logger) {
    StringBuilder name = new StringBuilder(logger);
    int from = 0;
    while (name.length() > LONGEST_LOGGER) {
      int dot = name.indexOf(".", from);
      if (dot < 0) {
        break;
      }
      name.delete(Math.min(from + 1, dot), dot);
      from = name.indexOf(".", from) + 1;
    }
    return name.toString();
  }
}
