package io.llmtrace.plugin.tap;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * One entry of {@code http-logger}, reduced to what is needed: of the client's headers only those
 * of {@link #KEPT} are copied, so that no credential leaves the parser, whatever its name is.
 */
record LogEntry(
    String requestId,
    String route,
    String consumer,
    String method,
    String path,
    Map<String, String> requestHeaders,
    @Nullable String answeredId,
    int status,
    long startTime,
    double latencyMs,
    @Nullable Double upstreamLatencyMs,
    @Nullable Double upstreamHeaderMs,
    String responseType,
    long responseSize,
    String responseBody) {

  private static final Set<String> STREAMS =
      Set.of(
          "text/event-stream",
          "application/x-ndjson",
          "application/stream+json",
          "application/vnd.amazon.eventstream");
  private static final Pattern SECONDS = Pattern.compile("[0-9]{1,9}(?:\\.[0-9]{1,9})?");
  private static final int MOST_UPSTREAMS = 16;

  /** What a ULID can hold. */
  private static final long LATEST_MILLIS = (1L << 48) - 1;

  private static final Set<String> KEPT =
      Set.of(
          "x-llmtrace-id",
          "traceparent",
          "content-type",
          "host",
          "anthropic-version",
          "mcp-protocol-version");

  /**
   * Reads an entry.
   *
   * @throws IllegalArgumentException if it has no status or no start time
   */
  static LogEntry of(JsonNode entry) {
    JsonNode response = entry.path("response");
    if (!response.path("status").isNumber() || !entry.path("start_time").isNumber()) {
      throw new IllegalArgumentException("entry without response.status or start_time");
    }
    long start = entry.path("start_time").asLong();
    int status = response.path("status").asInt();
    // One that cannot be must not keep the entries beside it from being read.
    if (start < 0 || start > LATEST_MILLIS || status < 0 || status > 999) {
      throw new IllegalArgumentException("entry whose response.status or start_time cannot be");
    }
    JsonNode request = entry.path("request");
    JsonNode upstream = entry.path("upstream_latency");
    return new LogEntry(
        entry.path("request_id").asText(""),
        entry.path("route_id").asText(""),
        entry.path("consumer").path("username").asText(""),
        request.path("method").asText("GET"),
        withoutQuery(request.path("uri").asText("")),
        kept(request.path("headers")),
        header(response.path("headers"), "x-llmtrace-id"),
        status,
        start,
        millis(entry.path("latency")),
        upstream.isNumber() ? millis(upstream) : null,
        headerMillis(entry.path("upstream_header_time")),
        contentType(response.path("headers")),
        Math.max(0, response.path("size").asLong(0)),
        response.path("body").asText(""));
  }

  /**
   * Whether an upstream was called: an error that the gateway itself answered is not a provider's.
   */
  boolean reachedUpstream() {
    return upstreamLatencyMs != null;
  }

  /** Whether the answer came in pieces as it was made. */
  boolean isStream() {
    return STREAMS.contains(responseType);
  }

  /**
   * nginx gives seconds; where it asked several upstreams, those of each behind the other, with
   * commas or colons between. The client waited for all of them.
   */
  private static @Nullable Double headerMillis(JsonNode seconds) {
    if (seconds.isNumber()) {
      return millis(seconds) * 1_000;
    }
    if (!seconds.isTextual()) {
      return null;
    }
    double sum = 0;
    boolean any = false;
    for (String part : seconds.asText().split("[,:]", MOST_UPSTREAMS)) {
      if (SECONDS.matcher(part.strip()).matches()) {
        sum += Double.parseDouble(part.strip());
        any = true;
      }
    }
    return any ? sum * 1_000 : null;
  }

  /** A clock that was set back makes a time negative, and a record of that would be refused. */
  private static double millis(JsonNode number) {
    double value = number.asDouble(0);
    return value > 0 && value < LATEST_MILLIS ? value : 0;
  }

  private static String contentType(JsonNode headers) {
    String type = header(headers, "content-type");
    return type == null ? "" : type.split(";", 2)[0].strip().toLowerCase(Locale.ROOT);
  }

  private static String withoutQuery(String uri) {
    int query = uri.indexOf('?');
    return query < 0 ? uri : uri.substring(0, query);
  }

  private static Map<String, String> kept(JsonNode headers) {
    Map<String, String> kept = new HashMap<>();
    for (Map.Entry<String, JsonNode> header : headers.properties()) {
      String name = header.getKey().toLowerCase(Locale.ROOT);
      if (KEPT.contains(name)) {
        kept.put(name, last(header.getValue()));
      }
    }
    return Map.copyOf(kept);
  }

  private static @Nullable String header(JsonNode headers, String name) {
    for (Map.Entry<String, JsonNode> header : headers.properties()) {
      if (header.getKey().equalsIgnoreCase(name)) {
        return last(header.getValue());
      }
    }
    return null;
  }

  private static String last(JsonNode value) {
    return value.isArray() && !value.isEmpty()
        ? value.get(value.size() - 1).asText("")
        : value.asText("");
  }
}
