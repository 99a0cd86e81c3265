package io.llmtrace.runtime.logging;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class RepeatedLinesTest {
  private final LoggerContext context = new LoggerContext();
  private final ListAppender<ILoggingEvent> written = new ListAppender<>();
  private final AtomicLong nanos = new AtomicLong();
  private final Logger log = context.getLogger("io.llmtrace.sample");
  private RepeatedLines repeats;

  @BeforeEach
  void start() {
    written.setContext(context);
    written.start();
    repeats = new RepeatedLines(written, 3, nanos::get);
    repeats.setContext(context);
    repeats.start();
    log.setLevel(Level.TRACE);
    log.addAppender(repeats);
  }

  @AfterEach
  void stop() {
    context.stop();
  }

  private java.util.List<String> messages() {
    return written.list.stream().map(ILoggingEvent::getFormattedMessage).toList();
  }

  private void passes(Duration time) {
    nanos.addAndGet(time.toNanos());
  }

  @Test
  void theFirstAreWrittenAndTheRestIsSummedUp() {
    for (int i = 0; i < 100; i++) {
      log.warn("record of {} not kept", i);
    }
    assertThat(messages())
        .containsExactly("record of 0 not kept", "record of 1 not kept", "record of 2 not kept");
    passes(RepeatedLines.WINDOW);
    repeats.sumUp();
    assertThat(messages()).hasSize(4).last().isEqualTo("record of {} not kept … repeated 97 times");
    ILoggingEvent summary = written.list.get(3);
    assertThat(summary.getLevel()).isEqualTo(Level.WARN);
    assertThat(summary.getLoggerName()).isEqualTo("io.llmtrace.sample");
    assertThat(summary.getKeyValuePairs().get(0).value).isEqualTo(97);
  }

  @Test
  void aNewWindowBeginsAnew() {
    for (int i = 0; i < 4; i++) {
      log.error("broken");
    }
    passes(RepeatedLines.WINDOW.plusMillis(1));
    log.error("broken");
    assertThat(messages())
        .containsExactly("broken", "broken", "broken", "broken … repeated 1 time", "broken");
  }

  @Test
  void otherStatementsLevelsAndInformationAreNoRepeats() {
    for (int i = 0; i < 10; i++) {
      log.info("request completed");
      log.debug("request decided");
    }
    for (int i = 0; i < 3; i++) {
      log.warn("one");
      log.warn("two");
      log.error("one");
    }
    assertThat(messages()).hasSize(29);
  }

  @Test
  void whatWasHeldBackIsToldAtTheEnd() {
    for (int i = 0; i < 5; i++) {
      log.warn("full");
    }
    repeats.stop();
    assertThat(messages()).hasSize(4).last().isEqualTo("full … repeated 2 times");
  }

  @Test
  void nothingIsToldTwice() {
    for (int i = 0; i < 5; i++) {
      log.warn("full");
    }
    passes(RepeatedLines.WINDOW);
    repeats.sumUp();
    repeats.sumUp();
    repeats.stop();
    assertThat(messages()).hasSize(4);
  }
}
