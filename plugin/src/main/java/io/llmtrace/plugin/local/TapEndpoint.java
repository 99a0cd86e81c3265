package io.llmtrace.plugin.local;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** What {@code POST /tap} does. Called on worker threads, by several at once. */
public interface TapEndpoint {
  /** Whether a request with this {@code Authorization} header (or none) may send entries. */
  boolean authorized(@Nullable String authorization);

  /**
   * Takes a batch of the gateway's log entries.
   *
   * @throws IllegalArgumentException if {@code body} has no entry in it; the message is shown to
   *     the caller
   * @throws IOException if the entries could not be kept: the gateway should send them again
   */
  void receive(byte[] body) throws IOException;
}
