package io.llmtrace.controlplane;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.llmtrace.controlplane.access.Origins;
import io.llmtrace.controlplane.http.Problem;
import io.llmtrace.controlplane.http.SecurityHeaders;
import io.llmtrace.policies.json.WireJson;
import java.nio.ByteBuffer;
import org.eclipse.jetty.http.HttpField;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.handler.ErrorHandler;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;

/**
 * What the server answers by itself, to requests that no resource sees: the same problems with the
 * same headers as the API's. Thread-safe.
 */
final class ProblemErrors extends ErrorHandler {
  private static final String INTERNAL = "internal error";

  @Override
  public boolean errorPageForMethod(String method) {
    return true;
  }

  @Override
  protected void generateResponse(
      Request request,
      Response response,
      int code,
      @Nullable String message,
      @Nullable Throwable cause,
      Callback callback) {
    HttpFields.Mutable headers = response.getHeaders();
    describe(headers, request.getHeaders().get(Origins.REQUEST_ID), request.isSecure());
    response.write(true, body(code, message), callback);
  }

  private static void describe(HttpFields.Mutable headers, @Nullable String id, boolean secure) {
    headers.put(HttpHeader.CONTENT_TYPE, Problem.MEDIA_TYPE);
    headers.put(HttpHeader.CACHE_CONTROL, "no-store");
    headers.put(new HttpField(Origins.REQUEST_ID, Origins.id(id)));
    SecurityHeaders.of(secure).forEach(headers::put);
  }

  /** A reason is the server's own; of a fault in here nothing is told. */
  private static ByteBuffer body(int status, @Nullable String reason) {
    String detail = status >= 500 || reason == null ? INTERNAL : reason;
    Object problem = Problem.builder(status, detail).build().getEntity();
    try {
      return ByteBuffer.wrap(WireJson.mapper().writeValueAsBytes(problem));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a problem is texts and a number", e);
    }
  }
}
