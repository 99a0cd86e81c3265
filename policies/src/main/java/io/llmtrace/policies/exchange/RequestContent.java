package io.llmtrace.policies.exchange;

import java.util.Map;

/**
 * The parts of an HTTP request that say what exchange it is.
 *
 * @param method upper-case HTTP method
 * @param path decoded path without query, as the gateway normalised it
 * @param headers by lower-case name; the last value where a header was repeated
 * @param body the bytes as the gateway read them (possibly still content-encoded)
 */
public record RequestContent(
    String method, String path, Map<String, String> headers, BodyBytes body) {

  /** A request whose body is all of an array, which is not copied. */
  public RequestContent(String method, String path, Map<String, String> headers, byte[] body) {
    this(method, path, headers, BodyBytes.of(body));
  }
}
