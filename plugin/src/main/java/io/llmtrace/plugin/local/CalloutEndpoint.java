package io.llmtrace.plugin.local;

import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Requests that a gateway holds and asks about by {@code POST /inspect}. Called on an event loop:
 * every method returns at once. Thread-safe; an {@link Upload} belongs to one connection.
 */
public interface CalloutEndpoint {
  /**
   * Whether a request is such a question, and not a text.
   *
   * @param headers the request's, by lower-case name, in order
   */
  boolean isCallout(List<Map.Entry<String, String>> headers);

  /**
   * Begins to take one. It must be ended or abandoned.
   *
   * @param headers the request's, by lower-case name, in order
   * @param announced length of the body in bytes, or -1 where nobody has said
   */
  Upload open(List<Map.Entry<String, String>> headers, long announced);

  /** A question on its way. */
  interface Upload {
    /**
     * Takes the next bytes of the body, or lets them go where they are too many.
     *
     * @param chunk not kept
     */
    void add(byte[] chunk);

    /**
     * The body is complete.
     *
     * @param answer takes the answer, exactly once, on any thread
     */
    void end(Consumer<Reply> answer);

    /** The connection is gone; gives back what is held. Has no effect after the end. */
    void abandon();
  }

  /**
   * An HTTP answer.
   *
   * @param status HTTP status
   * @param contentType type of the body
   * @param headers others, by name
   * @param body not copied
   * @param sent to be run, on any thread, when the answer is on its way or never will be
   */
  @SuppressWarnings("ArrayRecordComponent") // never changed
  record Reply(
      int status, String contentType, Map<String, String> headers, byte[] body, Runnable sent) {
    public Reply {
      headers = Map.copyOf(headers);
    }

    /** An answer of which nobody has to know when it is sent. */
    public Reply(int status, String contentType, Map<String, String> headers, byte[] body) {
      this(status, contentType, headers, body, () -> {});
    }
  }
}
