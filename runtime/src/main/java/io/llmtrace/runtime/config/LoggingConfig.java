package io.llmtrace.runtime.config;

/** {@code logging}: how much is logged, and in which form. */
public record LoggingConfig(Level level, Format format) {

  /** From the quietest to the most talkative. */
  public enum Level {
    ERROR,
    WARN,
    INFO,
    DEBUG,
    TRACE
  }

  /** One line of text for people, or one JSON object a line for collectors. */
  public enum Format {
    TEXT,
    JSON
  }

  public static LoggingConfig defaults() {
    return new LoggingConfig(Level.INFO, Format.TEXT);
  }
}
