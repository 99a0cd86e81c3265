package io.llmtrace.policies.exchange;

import java.util.Map;

/** Tells from the outside of a request which dialect it is written in. */
public final class Dialects {
  private Dialects() {}

  /**
   * The dialect that path and headers speak of; {@link Dialect#GENERIC_JSON} when they name none.
   *
   * @param headers by lower-case name
   */
  public static Dialect detect(String method, String path, Map<String, String> headers) {
    if (path.endsWith("/chat/completions")) {
      return Dialect.OPENAI_CHAT;
    }
    if (path.endsWith("/messages") || headers.containsKey("anthropic-version")) {
      return Dialect.ANTHROPIC_MESSAGES;
    }
    String type = headers.getOrDefault("content-type", "");
    return type.startsWith("text/") ? Dialect.TEXT : Dialect.GENERIC_JSON;
  }
}
