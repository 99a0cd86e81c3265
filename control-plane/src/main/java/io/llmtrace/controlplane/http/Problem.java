package io.llmtrace.controlplane.http;

import jakarta.ws.rs.WebApplicationException;
import jakarta.ws.rs.core.Response;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

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

  /** One wrong field of a body. */
  public record FieldError(String field, String detail) {}

  /** A body or parameter that is refused, with the JSON pointer of each wrong field. */
  public static WebApplicationException fields(List<FieldError> errors) {
    String detail =
        errors.stream()
            .map(error -> error.field() + ": " + error.detail())
            .collect(Collectors.joining("; "));
    return new WebApplicationException(detail, extended(400, detail, Map.of("errors", errors)));
  }

  /** As {@link #fields(List)}, for one field. */
  public static WebApplicationException field(String field, String detail) {
    return fields(List.of(new FieldError(field, detail)));
  }

  /**
   * What is not there, or not for this caller: the two read alike, and neither repeats the id.
   *
   * @param kind such as {@code key}
   */
  public static WebApplicationException absent(String kind) {
    return of(404, "there is no such " + kind);
  }

  private static Response extended(int status, String detail, Map<String, Object> members) {
    Response plain = builder(status, detail).build();
    Map<String, Object> body = new LinkedHashMap<>();
    ((Map<?, ?>) plain.getEntity()).forEach((name, value) -> body.put((String) name, value));
    body.putAll(members);
    return Response.fromResponse(plain).entity(body).build();
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
