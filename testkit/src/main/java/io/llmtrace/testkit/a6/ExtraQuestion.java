package io.llmtrace.testkit.a6;

/** What a runner asks back inside a call. */
public sealed interface ExtraQuestion {
  /** The value of an nginx variable. */
  record Variable(String name) implements ExtraQuestion {}

  /** The request body as the client sent it. */
  record RequestBody() implements ExtraQuestion {}

  /** The upstream's body, not decoded. */
  record ResponseBody() implements ExtraQuestion {}
}
