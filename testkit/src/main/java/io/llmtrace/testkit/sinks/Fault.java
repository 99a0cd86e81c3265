package io.llmtrace.testkit.sinks;

import java.time.Duration;

/** How a sink misbehaves towards one request. */
public sealed interface Fault {

  /** It behaves. */
  record None() implements Fault {}

  /** It takes nothing and answers 429. */
  record RateLimited(int retryAfterSeconds) implements Fault {}

  /**
   * It takes nothing and answers an error.
   *
   * @param status 400 to 599
   */
  record Status(int status) implements Fault {}

  /** It takes nothing and never answers. */
  record Hang() implements Fault {}

  /** It takes nothing and resets the connection. */
  record Reset() implements Fault {}

  /** It takes the message and resets the connection in place of an answer. */
  record ResetAfterAccepting() implements Fault {}

  /** It takes nothing, and says so in the body of a 200. */
  record ErrorBody() implements Fault {}

  /** It takes the message and answers late. */
  record Slow(Duration by) implements Fault {}

  static Fault none() {
    return new None();
  }
}
