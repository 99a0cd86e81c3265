package io.llmtrace.runtime.logging;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.encoder.Encoder;
import ch.qos.logback.core.read.ListAppender;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.llmtrace.runtime.config.LoggingConfig;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

class LogSetupTest {
  private final LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();

  @AfterEach
  void quiet() {
    MDC.clear();
    LogSetup.configure(LoggingConfig.defaults(), "test", Map.of());
  }

  @Test
  void aJsonLineHasTheNamesOfTheContract() throws Exception {
    MDC.put("trace_id", "abc123");
    JsonNode line =
        new ObjectMapper()
            .readTree(
                encoded(
                    LoggingConfig.Format.JSON,
                    logger ->
                        logger
                            .atInfo()
                            .addKeyValue("status", 200)
                            .addKeyValue("latency_ms", 142)
                            .addKeyValue("target", "forged")
                            .log("request {}", "completed")));
    assertThat(line.fieldNames())
        .toIterable()
        .containsExactly(
            "timestamp",
            "level",
            "target",
            "message",
            "trace_id",
            "status",
            "latency_ms",
            "logger");
    assertThat(Instant.parse(line.get("timestamp").asText())).isNotNull();
    assertThat(line.get("level").asText()).isEqualTo("INFO");
    assertThat(line.get("target").asText()).isEqualTo("llmtrace_plugin");
    assertThat(line.get("message").asText()).isEqualTo("request completed");
    assertThat(line.get("status").isInt()).isTrue();
  }

  @Test
  void aThrownExceptionIsOneStringOfTheSameLine() throws Exception {
    String line =
        encoded(
            LoggingConfig.Format.JSON,
            logger -> logger.error("broken\nline", new IllegalStateException("why")));
    assertThat(line).endsWith("}\n").hasLineCount(1);
    assertThat(new ObjectMapper().readTree(line).get("exception").asText())
        .contains("IllegalStateException: why", "LogSetupTest");
  }

  @Test
  void textHasTimeLevelMessageAndKeyValues() {
    assertThat(
            encoded(
                LoggingConfig.Format.TEXT,
                logger -> logger.atWarn().addKeyValue("status", 503).log("request completed")))
        .matches("(?s)\\d{4}-\\d\\d-\\d\\dT.*Z WARN .* request completed status=\"503\"\n");
  }

  /** Clients choose parts of messages, and whoever reads the log believes its lines. */
  @Test
  void nothingThatAMessageHoldsLooksLikeAnotherLineOfText() {
    String forged = "\n2027-01-01T00:00:00.000Z INFO  forged";
    assertThat(
            encoded(
                    LoggingConfig.Format.TEXT,
                    logger ->
                        logger
                            .atWarn()
                            .addKeyValue("path", "/a" + forged)
                            .setCause(new IllegalStateException("why" + forged))
                            .log("no such \u001b[2J\u2028" + forged))
                .lines()
                .filter(line -> line.startsWith("20")))
        .hasSize(1)
        .allMatch(
            line ->
                line.contains("no such \\u001b[2J\\u2028\\n2027") && line.contains("/a\\n2027"));
    assertThat(
            encoded(
                LoggingConfig.Format.TEXT,
                logger -> logger.error("broken", new IllegalStateException("why"))))
        .containsOnlyOnce("IllegalStateException")
        .contains("\n\tjava.lang.IllegalStateException: why\n\tat ");
  }

  @Test
  void theEnvironmentOverridesTheLevelAndNonsenseIsIgnored() {
    LogSetup.configure(LoggingConfig.defaults(), "test", Map.of("LLMTRACE_LOG", "debug"));
    assertThat(context.getLogger("io.llmtrace.x").getEffectiveLevel()).isEqualTo(Level.DEBUG);
    assertThat(context.getLogger("org.other").getEffectiveLevel()).isEqualTo(Level.INFO);
    LogSetup.configure(LoggingConfig.defaults(), "test", Map.of("LLMTRACE_LOG", "shout"));
    assertThat(context.getLogger("io.llmtrace.x").getEffectiveLevel()).isEqualTo(Level.INFO);
  }

  private String encoded(
      LoggingConfig.Format format, java.util.function.Consumer<Logger> statement) {
    LogSetup.configure(LoggingConfig.defaults(), "test", Map.of());
    Logger logger = context.getLogger("io.llmtrace.sample");
    ListAppender<ILoggingEvent> list = new ListAppender<>();
    list.start();
    logger.setAdditive(false);
    logger.addAppender(list);
    statement.accept(logger);
    Encoder<ILoggingEvent> encoder = LogSetup.encoder(context, format, "llmtrace_plugin");
    return new String(encoder.encode(list.list.get(0)), UTF_8);
  }
}
