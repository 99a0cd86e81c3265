package io.llmtrace.plugin.telemetry;

/** The two queues of a spool. The order of the constants is the order of sending. */
enum Lane {
  /** Exchanges with findings, and losses. */
  PRIORITY('p'),
  /** Everything else. */
  NORMAL('n');

  private final char letter;

  Lane(char letter) {
    this.letter = letter;
  }

  /** The letter in file names. */
  char letter() {
    return letter;
  }

  /**
   * Reads a letter.
   *
   * @throws IllegalArgumentException for a letter that no lane has
   */
  static Lane of(char letter) {
    for (Lane lane : values()) {
      if (lane.letter == letter) {
        return lane;
      }
    }
    throw new IllegalArgumentException("no lane '" + letter + "'");
  }
}
