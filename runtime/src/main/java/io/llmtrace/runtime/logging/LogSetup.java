package io.llmtrace.runtime.logging;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.Appender;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.encoder.Encoder;
import ch.qos.logback.core.encoder.EncoderBase;
import ch.qos.logback.core.joran.spi.ConsoleTarget;
import io.llmtrace.runtime.config.LoggingConfig;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Sets up Logback without any file of its own. Call once, first thing in a process. */
public final class LogSetup {
  /** Overrides {@code logging.level}. */
  public static final String LEVEL_VARIABLE = "LLMTRACE_LOG";

  private LogSetup() {}

  /**
   * Replaces whatever logging was set up before.
   *
   * @param target the process, as the {@code target} of every JSON line: {@code llmtrace_plugin} or
   *     {@code llmtrace_control_plane}
   */
  public static void configure(LoggingConfig config, String target) {
    configure(config, target, System.getenv());
  }

  /** For commands whose standard output is their answer: warnings only, on standard error. */
  public static void configureCommand() {
    configure(
        new LoggingConfig(LoggingConfig.Level.WARN, LoggingConfig.Format.TEXT),
        "llmtrace",
        System.getenv(),
        ConsoleTarget.SystemErr);
  }

  static void configure(LoggingConfig config, String target, Map<String, String> env) {
    configure(config, target, env, ConsoleTarget.SystemOut);
  }

  private static void configure(
      LoggingConfig config, String target, Map<String, String> env, ConsoleTarget stream) {
    LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
    context.reset();
    Bodies.show(config.bodies());
    ConsoleAppender<ILoggingEvent> console = new ConsoleAppender<>();
    console.setContext(context);
    console.setName("console");
    console.setTarget(stream.getName());
    console.setEncoder(encoder(context, config.format(), target));
    console.start();

    ch.qos.logback.classic.Logger root = context.getLogger(Logger.ROOT_LOGGER_NAME);
    root.addAppender(behindRepeats(console, config.repeats(), context));
    // Debug and trace are for our own code: other people's at that level drown it.
    root.setLevel(atLeast(level(config.level()), Level.INFO));
    ch.qos.logback.classic.Logger ours = context.getLogger("io.llmtrace");
    ours.setLevel(level(config.level()));

    @Nullable String override = env.get(LEVEL_VARIABLE);
    if (override != null && !override.isBlank()) {
      String name = override.strip().toUpperCase(Locale.ROOT);
      if (Arrays.stream(LoggingConfig.Level.values()).anyMatch(l -> l.name().equals(name))) {
        Level chosen = Level.toLevel(name);
        root.setLevel(atLeast(chosen, Level.INFO));
        ours.setLevel(chosen);
      } else {
        ours.warn(
            "{} was ignored: expected one of {}",
            LEVEL_VARIABLE,
            Arrays.stream(LoggingConfig.Level.values())
                .map(l -> l.name().toLowerCase(Locale.ROOT))
                .collect(Collectors.joining(", ")));
      }
    }
  }

  private static Appender<ILoggingEvent> behindRepeats(
      Appender<ILoggingEvent> console, int repeats, LoggerContext context) {
    if (repeats == 0) {
      return console;
    }
    RepeatedLines repeated = new RepeatedLines(console, repeats, System::nanoTime);
    repeated.setContext(context);
    repeated.start();
    return repeated;
  }

  static Encoder<ILoggingEvent> encoder(
      LoggerContext context, LoggingConfig.Format format, String target) {
    EncoderBase<ILoggingEvent> encoder =
        switch (format) {
          case JSON -> new JsonLineEncoder(target);
          case TEXT -> new TextLineEncoder();
        };
    encoder.setContext(context);
    encoder.start();
    return encoder;
  }

  /** Lets another's code say nothing more, where what it would say is expected. */
  public static void silence(String logger) {
    if (LoggerFactory.getILoggerFactory() instanceof LoggerContext context) {
      context.getLogger(logger).setLevel(Level.OFF);
    }
  }

  private static Level atLeast(Level level, Level floor) {
    return level.isGreaterOrEqual(floor) ? level : floor;
  }

  private static Level level(LoggingConfig.Level level) {
    return Level.toLevel(level.name());
  }
}
