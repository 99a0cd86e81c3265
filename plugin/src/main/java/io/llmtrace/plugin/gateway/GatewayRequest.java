package io.llmtrace.plugin.gateway;

import io.llmtrace.plugin.conf.RouteConf;
import io.llmtrace.policies.exchange.BodyBytes;
import java.util.Map;

/**
 * A request as the gateway tells of it.
 *
 * @param conf settings of the route
 * @param method upper-case HTTP method
 * @param path decoded, normalised path without query
 * @param headers by lower-case name; the last value where a header was repeated
 * @param body bytes as the gateway read them; empty where {@code bodyState} is not {@code READ}
 * @param bodyState whether {@code body} is the whole body
 * @param bodyBytes length of the body as far as it is known
 * @param route the gateway's route id, empty where it named none
 * @param consumer the gateway's consumer, empty where there is none
 * @param requestId the gateway's own request id, empty where it named none
 * @param remoteAddress the client's address as text
 * @param completeNanos {@link System#nanoTime()} when the whole body was here: budgets start now,
 *     so that whoever sends a long one has not used up the time to look at it
 */
public record GatewayRequest(
    RouteConf conf,
    String method,
    String path,
    Map<String, String> headers,
    BodyBytes body,
    BodyState bodyState,
    long bodyBytes,
    String route,
    String consumer,
    String requestId,
    String remoteAddress,
    long completeNanos) {

  public GatewayRequest {
    headers = Map.copyOf(headers);
  }

  /** How much of the body is here. */
  public enum BodyState {
    /** All of it, which may be nothing. */
    READ,
    /** It was let go unread: too many bytes of bodies were in memory. */
    NO_MEMORY,
    /** It is longer than we ask for. */
    TOO_LARGE
  }
}
