package io.llmtrace.plugin.local;

/** What {@code POST /inspect} does. Called on a worker thread, by several at once. */
@FunctionalInterface
public interface InspectEndpoint {
  /**
   * Inspects one text.
   *
   * @param json the request's body
   * @return the answer's body, JSON
   * @throws IllegalArgumentException if {@code json} is no such request; the message is shown to
   *     the caller
   */
  byte[] inspect(byte[] json);
}
