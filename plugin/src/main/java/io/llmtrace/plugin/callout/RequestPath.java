package io.llmtrace.plugin.callout;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * The path of a request target, decoded and normalised as APISIX tells of it: without query, {@code
 * %XX} decoded once, empty and {@code .} segments left out, {@code ..} resolved.
 */
final class RequestPath {
  private RequestPath() {}

  /**
   * The path.
   *
   * @param target origin form, such as {@code /v1/chat/completions?x=1}, or absolute form
   * @throws IllegalArgumentException if it is neither, has a broken escape, or leaves the root
   */
  static String of(String target) {
    String path = target;
    int scheme = path.indexOf("://");
    if (scheme > 0 && !path.startsWith("/")) {
      int slash = path.indexOf('/', scheme + 3);
      path = slash < 0 ? "/" : path.substring(slash);
    }
    for (int i = 0; i < path.length(); i++) {
      // A fragment has no place in a target, and gateways that let one through end the path there.
      if (path.charAt(i) == '?' || path.charAt(i) == '#') {
        path = path.substring(0, i);
        break;
      }
    }
    if (!path.startsWith("/")) {
      throw new IllegalArgumentException(
          "x-llmtrace-uri: expected the request's target, such as /v1/chat/completions");
    }
    return normalised(decoded(path));
  }

  private static String decoded(String path) {
    if (path.indexOf('%') < 0) {
      return path;
    }
    byte[] bytes = path.getBytes(StandardCharsets.UTF_8);
    ByteArrayOutputStream out = new ByteArrayOutputStream(bytes.length);
    for (int i = 0; i < bytes.length; i++) {
      if (bytes[i] != '%') {
        out.write(bytes[i]);
        continue;
      }
      int high = i + 2 < bytes.length ? Character.digit(bytes[i + 1], 16) : -1;
      int low = i + 2 < bytes.length ? Character.digit(bytes[i + 2], 16) : -1;
      if (high < 0 || low < 0) {
        throw new IllegalArgumentException("x-llmtrace-uri: expected two hex digits behind each %");
      }
      out.write(high << 4 | low);
      i += 2;
    }
    return out.toString(StandardCharsets.UTF_8);
  }

  private static String normalised(String path) {
    Deque<String> segments = new ArrayDeque<>();
    String[] parts = path.split("/", -1);
    for (String part : parts) {
      if (part.equals("..")) {
        if (segments.pollLast() == null) {
          throw new IllegalArgumentException("x-llmtrace-uri: expected no way out of the root");
        }
      } else if (!part.isEmpty() && !part.equals(".")) {
        segments.add(part);
      }
    }
    String last = parts[parts.length - 1];
    boolean folder =
        !segments.isEmpty() && (last.isEmpty() || last.equals(".") || last.equals(".."));
    return "/" + String.join("/", segments) + (folder ? "/" : "");
  }
}
