package io.llmtrace.policies.exchange;

import java.util.Locale;
import java.util.Map;

/**
 * What stands outside of a request's body.
 *
 * @param method upper-case HTTP method
 * @param path decoded path; a query is cut off
 * @param headers by lower-case name
 */
record RequestHead(String method, String path, Map<String, String> headers) {
  RequestHead {
    int query = path.indexOf('?');
    path = query < 0 ? path : path.substring(0, query);
  }

  static RequestHead of(RequestContent request) {
    return new RequestHead(request.method(), request.path(), request.headers());
  }

  /** A header's value, empty where it is absent. */
  String header(String name) {
    return headers.getOrDefault(name, "");
  }

  /** The host in lower case without its port, empty where the request names none. */
  String host() {
    String host = header("host").toLowerCase(Locale.ROOT);
    int port = host.lastIndexOf(':');
    return port > 0 && host.indexOf(']', port) < 0 ? host.substring(0, port) : host;
  }

  boolean ends(String... suffixes) {
    for (String suffix : suffixes) {
      if (path.endsWith(suffix)) {
        return true;
      }
    }
    return false;
  }

  /** What stands in the path between two marks, empty where one is missing. */
  String between(String before, String after) {
    int from = path.indexOf(before);
    int to = from < 0 ? -1 : path.lastIndexOf(after);
    int start = from + before.length();
    return from < 0 || to < start ? "" : path.substring(start, to);
  }
}
