package io.llmtrace.runtime.logging;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.LoggingEvent;
import ch.qos.logback.core.Appender;
import ch.qos.logback.core.UnsynchronizedAppenderBase;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.event.KeyValuePair;

/**
 * Lets warnings and errors through to another appender a few times in each window, and sums up the
 * rest in one line: a fault that hits every request must not fill the disk that the records need.
 * Lines are repeats where level, logger and message before its arguments are the same. Information
 * and what is below it pass: a request's summary is no repeat of another one's. Thread-safe.
 */
final class RepeatedLines extends UnsynchronizedAppenderBase<ILoggingEvent> {
  static final Duration WINDOW = Duration.ofSeconds(10);

  /** Statements are few; an unknown library that makes up messages must not fill memory. */
  private static final int MOST_STATEMENTS = 1_000;

  private record Statement(Level level, String logger, String message) {}

  private static final class Count {
    private final long since;
    private int seen;

    Count(long since) {
      this.since = since;
    }
  }

  private final Appender<ILoggingEvent> behind;
  private final int most;
  private final LongSupplier nanos;
  private final Map<Statement, Count> counts = new LinkedHashMap<>();
  private @Nullable ScheduledFuture<?> timer;

  /**
   * @param most lines of one statement in a window; at least 1
   */
  RepeatedLines(Appender<ILoggingEvent> behind, int most, LongSupplier nanos) {
    this.behind = behind;
    this.most = most;
    this.nanos = nanos;
    setName("repeats");
  }

  @Override
  public void start() {
    super.start();
    timer =
        getContext()
            .getScheduledExecutorService()
            .scheduleWithFixedDelay(this::sumUp, 1, 1, TimeUnit.SECONDS);
  }

  /** Only the counts are under a lock: a line is made and written as if nothing stood before it. */
  @Override
  protected void append(ILoggingEvent event) {
    if (!event.getLevel().isGreaterOrEqual(Level.WARN)) {
      behind.doAppend(event);
      return;
    }
    List<LoggingEvent> over;
    boolean passes;
    synchronized (counts) {
      over = over(nanos.getAsLong());
      Statement statement =
          new Statement(event.getLevel(), event.getLoggerName(), event.getMessage());
      Count count = counts.get(statement);
      if (count == null && counts.size() < MOST_STATEMENTS) {
        count = new Count(nanos.getAsLong());
        counts.put(statement, count);
      }
      passes = count == null || ++count.seen <= most;
    }
    over.forEach(behind::doAppend);
    if (passes) {
      behind.doAppend(event);
    }
  }

  /** Tells of windows that are over. */
  void sumUp() {
    List<LoggingEvent> over;
    synchronized (counts) {
      over = over(nanos.getAsLong());
    }
    over.forEach(behind::doAppend);
  }

  /** Forgets windows that are over, and says what they held back. */
  private List<LoggingEvent> over(long now) {
    List<LoggingEvent> over = new ArrayList<>();
    counts
        .entrySet()
        .removeIf(
            each -> {
              boolean ended = now - each.getValue().since >= WINDOW.toNanos();
              if (ended && each.getValue().seen > most) {
                over.add(summary(each.getKey(), each.getValue().seen - most));
              }
              return ended;
            });
    return over;
  }

  private LoggingEvent summary(Statement statement, int held) {
    LoggingEvent event = new LoggingEvent();
    event.setLoggerContext((LoggerContext) getContext());
    event.setLevel(statement.level());
    event.setLoggerName(statement.logger());
    event.setThreadName("repeats");
    event.setMDCPropertyMap(Map.of());
    event.setTimeStamp(System.currentTimeMillis());
    event.setMessage(
        statement.message() + " … repeated " + held + (held == 1 ? " time" : " times"));
    event.addKeyValuePair(new KeyValuePair("repeated", held));
    return event;
  }

  @Override
  public void stop() {
    ScheduledFuture<?> running = timer;
    if (running != null) {
      running.cancel(false);
    }
    List<LoggingEvent> left = new ArrayList<>();
    synchronized (counts) {
      counts.forEach(
          (statement, count) -> {
            if (count.seen > most) {
              left.add(summary(statement, count.seen - most));
            }
          });
      counts.clear();
    }
    left.forEach(behind::doAppend);
    super.stop();
    behind.stop();
  }
}
