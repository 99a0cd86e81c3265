package io.llmtrace.controlplane.siem;

import java.util.List;

/** Where events go. Used by one thread at a time. */
interface Sink extends AutoCloseable {
  /** Events were not taken, or nobody knows. The message names no target and no secret. */
  final class FailedException extends Exception {
    private static final long serialVersionUID = 1;

    private final boolean tooLarge;

    FailedException(String reason) {
      this(reason, false);
    }

    FailedException(String reason, boolean tooLarge) {
      super(reason);
      this.tooLarge = tooLarge;
    }

    /** Whether fewer events at a time may be taken. */
    boolean tooLarge() {
      return tooLarge;
    }

    String reason() {
      return String.valueOf(getMessage());
    }
  }

  /** The name under which the database knows it. */
  String name();

  /**
   * Sends events, all of them or, for all that is known, none.
   *
   * @throws FailedException when they are to be sent again
   */
  void send(List<Event> events) throws FailedException;

  @Override
  void close();
}
