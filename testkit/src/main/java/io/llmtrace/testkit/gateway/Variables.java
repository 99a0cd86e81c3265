package io.llmtrace.testkit.gateway;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Nginx variables by name, as far as runners and log formats ask for them. Numbers where the
 * recordings show numbers.
 */
final class Variables {
  private Variables() {}

  static @Nullable Object value(Exchange x, String name) {
    return switch (name) {
      case "remote_addr" -> x.remote.getAddress().getHostAddress();
      case "remote_port" -> String.valueOf(x.remote.getPort());
      case "route_id" -> x.route == null ? null : x.route.id();
      case "consumer_name" -> x.consumer;
      case "request_id" -> x.requestId;
      case "host" -> x.host();
      case "scheme" -> "http";
      case "request_method" -> x.method;
      case "uri" -> x.path;
      case "request_uri" -> x.uri;
      case "args", "query_string" -> x.query();
      case "request_body" -> x.bodyRead ? new String(x.body, UTF_8) : null;
      case "resp_body" -> LogEntry.responseText(x);
      case "status" -> x.status;
      case "bytes_sent" -> x.responseBytes;
      case "request_length" -> x.requestBytes;
      case "request_time" -> seconds(x.startNanos, x.endNanos);
      case "upstream_status" -> x.upstreamStatus == 0 ? null : String.valueOf(x.upstreamStatus);
      case "upstream_header_time" -> seconds(x.upstreamSentNanos, x.upstreamHeadNanos);
      case "upstream_response_time" -> seconds(x.upstreamSentNanos, x.upstreamEndNanos);
      default ->
          name.startsWith("http_")
              ? x.header(name.substring("http_".length()).replace('_', '-'))
              : null;
    };
  }

  /** Whole milliseconds, in seconds; nothing while one end is open. */
  private static @Nullable Double seconds(long from, long to) {
    return from == 0 || to == 0 ? null : TimeUnit.NANOSECONDS.toMillis(to - from) / 1e3;
  }
}
