package io.llmtrace.runtime.config;

/**
 * {@code logging}: how much is logged, and in which form.
 *
 * @param bodies what {@code trace} shows of requests and answers
 * @param repeats lines that one warning or error may write in ten seconds before the rest are
 *     summed up; 0 for no limit
 */
public record LoggingConfig(Level level, Format format, Bodies bodies, int repeats) {
  private static final int REPEATS = 5;

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

  /** A second switch beside the level: prompts are not for logs unless somebody says so. */
  public enum Bodies {
    /** The shape of a body: keys, numbers and lengths, no text. */
    MASKED,
    /** All of it. */
    FULL
  }

  /** With bodies masked and repeats summed up. */
  public LoggingConfig(Level level, Format format) {
    this(level, format, Bodies.MASKED, REPEATS);
  }

  public static LoggingConfig defaults() {
    return new LoggingConfig(Level.INFO, Format.TEXT);
  }
}
