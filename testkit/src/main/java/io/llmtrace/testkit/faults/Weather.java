package io.llmtrace.testkit.faults;

import java.nio.charset.StandardCharsets;
import java.time.Duration;

/** What a {@link FaultProxy} does to what passes it. */
public sealed interface Weather {

  /** All goes through as it comes. */
  record Pass() implements Weather {}

  /**
   * All goes through, later.
   *
   * @param by added to each piece, in each direction
   */
  record Delay(Duration by) implements Weather {
    public Delay {
      if (by.isNegative() || by.isZero()) {
        throw new IllegalArgumentException("expected a positive delay, got " + by);
      }
    }
  }

  /**
   * All goes through, slowly.
   *
   * @param bytesPerSecond of each connection, in each direction
   */
  record Throttle(int bytesPerSecond) implements Weather {
    public Throttle {
      if (bytesPerSecond < 1) {
        throw new IllegalArgumentException("expected at least 1 byte a second");
      }
    }
  }

  /** Connections are accepted and kept, and nothing goes through. */
  record Hang() implements Weather {}

  /** All connections are reset; new ones as soon as they are made. */
  record Reset() implements Weather {}

  /** All connections are reset, and nobody listens: as when the process is gone. */
  record Refuse() implements Weather {}

  /**
   * Whatever a client sends next is answered with this instead of by the server, and its connection
   * closed. What the server was asked before that still comes through.
   *
   * @param raw the whole answer, each character a byte (ISO 8859-1)
   */
  record Answer(String raw) implements Weather {
    /**
     * An HTTP/1.1 answer.
     *
     * @param status and its reason, for example {@code 500 Internal Server Error}
     */
    public static Answer http(String status, String contentType, String body) {
      byte[] content = body.getBytes(StandardCharsets.UTF_8);
      return new Answer(
          "HTTP/1.1 "
              + status
              + "\r\ncontent-type: "
              + contentType
              + "\r\ncontent-length: "
              + content.length
              + "\r\nconnection: close\r\n\r\n"
              + new String(content, StandardCharsets.ISO_8859_1));
    }

    byte[] bytes() {
      return raw.getBytes(StandardCharsets.ISO_8859_1);
    }
  }

  /**
   * The server's answers end in the middle, with a reset.
   *
   * @param bytes that come through before it, of each connection, from now on
   */
  record Cut(long bytes) implements Weather {
    public Cut {
      if (bytes < 0) {
        throw new IllegalArgumentException("expected no negative number of bytes, got " + bytes);
      }
    }
  }

  static Weather pass() {
    return new Pass();
  }
}
