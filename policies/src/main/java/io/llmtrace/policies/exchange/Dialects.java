package io.llmtrace.policies.exchange;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Map;

/** Tells which dialect a request is written in. Stateless. */
public final class Dialects {
  private static final Dialect[] ALL = Dialect.values();

  private Dialects() {}

  /**
   * The dialect that path, host and headers speak of; {@link Dialect#GENERIC_JSON} when they name
   * none.
   *
   * @param headers by lower-case name
   */
  public static Dialect detect(String method, String path, Map<String, String> headers) {
    return named(new RequestHead(method, path, headers));
  }

  /**
   * The value of the {@code provider} label: who offers the API, by host, path and headers, and
   * otherwise the dialect's own.
   *
   * @param headers by lower-case name
   */
  public static String provider(
      Dialect dialect, String method, String path, Map<String, String> headers) {
    return Providers.of(dialect, new RequestHead(method, path, headers));
  }

  static Dialect named(RequestHead head) {
    for (Dialect dialect : ALL) {
      if (dialect.format().named(head)) {
        return dialect;
      }
    }
    return Dialect.GENERIC_JSON;
  }

  /** The dialect of a body that nothing outside of it tells. */
  static Dialect resembling(JsonNode body) {
    for (Dialect dialect : ALL) {
      if (dialect.format().resembles(body)) {
        return dialect;
      }
    }
    return Dialect.GENERIC_JSON;
  }
}
