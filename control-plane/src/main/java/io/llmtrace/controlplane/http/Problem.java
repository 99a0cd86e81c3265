package io.llmtrace.controlplane.http;

import jakarta.ws.rs.WebApplicationException;
import jakarta.ws.rs.core.Response;
import java.util.LinkedHashMap;
import java.util.Map;

/** Problem details (RFC 9457). */
public final class Problem {
  public static final String MEDIA_TYPE = "application/problem+json";

  private Problem() {}

  public static WebApplicationException of(int status, String detail) {
    return new WebApplicationException(detail, builder(status, detail).build());
  }

  public static WebApplicationException unauthorized() {
    String detail = "a valid key is needed: Authorization: Bearer <key>";
    return new WebApplicationException(
        detail, builder(401, detail).header("WWW-Authenticate", "Bearer").build());
  }

  /** Too much at once: 429, to be tried again after some seconds. */
  public static WebApplicationException busy(String detail, int retryAfterSeconds) {
    return new WebApplicationException(
        detail, builder(429, detail).header("Retry-After", retryAfterSeconds).build());
  }

  /** An answer under way. */
  public static Response.ResponseBuilder builder(int status, String detail) {
    Response.StatusType type = Response.Status.fromStatusCode(status);
    Map<String, Object> body = new LinkedHashMap<>();
    body.put("type", "about:blank");
    body.put("title", type == null ? "Error" : type.getReasonPhrase());
    body.put("status", status);
    body.put("detail", detail);
    return Response.status(status).type(MEDIA_TYPE).entity(body);
  }
}
