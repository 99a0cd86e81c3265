package io.llmtrace.plugin.gateway;

import io.llmtrace.plugin.conf.RouteConf;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * An upstream's answer that the gateway holds back. Immutable.
 *
 * @param conf settings of the route
 * @param status of the upstream
 * @param headers of the upstream, in its own case and order
 * @param requestId the request's {@code x-llmtrace-id} as the gateway sent it, or empty
 * @param mostBytes the longest body that is asked for
 */
public record HeldAnswer(
    RouteConf conf,
    int status,
    List<Map.Entry<String, String>> headers,
    String requestId,
    long mostBytes) {
  /** Headers of one hop, and those that the gateway computes anew for the body it sends. */
  private static final Set<String> NOT_PASSED_ON =
      Set.of(
          "connection",
          "keep-alive",
          "proxy-connection",
          "te",
          "trailer",
          "transfer-encoding",
          "upgrade",
          "content-length");

  /** Headers that speak of the bytes of the old body. */
  private static final Set<String> OF_THE_BODY =
      Set.of(
          "content-encoding",
          "content-md5",
          "content-digest",
          "repr-digest",
          "digest",
          "etag",
          "accept-ranges",
          "content-range");

  public HeldAnswer {
    headers = List.copyOf(headers);
  }

  /**
   * What the client gets.
   *
   * @param status HTTP status; 0 leaves the upstream's
   * @param headers all there will be: the gateway forgets the upstream's
   * @param body the new body, or null to leave the upstream's; never empty, which the gateway could
   *     not tell from null
   */
  @SuppressWarnings("ArrayRecordComponent")
  public record Decision(
      int status, List<Map.Entry<String, String>> headers, byte @Nullable [] body) {
    // Written out: in the compact form the array's annotation is lost on a compiler of 17.
    public Decision(int status, List<Map.Entry<String, String>> headers, byte @Nullable [] body) {
      if (body != null && body.length == 0) {
        throw new IllegalArgumentException("an empty body cannot be sent to the gateway");
      }
      this.status = status;
      this.headers = List.copyOf(headers);
      this.body = body;
    }
  }

  /** The value of a header; empty where there is none. */
  public String header(String name) {
    return headers.stream()
        .filter(header -> header.getKey().equalsIgnoreCase(name))
        .map(Map.Entry::getValue)
        .findFirst()
        .orElse("");
  }

  /** The answer goes on as it is. */
  public Decision pass() {
    return pass(Map.of());
  }

  /** The body goes on as it is, with headers more. */
  public Decision pass(Map<String, String> more) {
    return new Decision(0, kept(more, Set.of()), null);
  }

  /** Another body goes on, without a content encoding. */
  public Decision changed(byte[] body, Map<String, String> more) {
    return new Decision(0, kept(more, OF_THE_BODY), body);
  }

  private List<Map.Entry<String, String>> kept(Map<String, String> more, Set<String> without) {
    List<Map.Entry<String, String>> kept = new ArrayList<>();
    for (Map.Entry<String, String> header : headers) {
      String name = header.getKey().toLowerCase(Locale.ROOT);
      if (!NOT_PASSED_ON.contains(name) && !without.contains(name) && !more.containsKey(name)) {
        kept.add(header);
      }
    }
    more.forEach((name, value) -> kept.add(Map.entry(name, value)));
    return kept;
  }
}
