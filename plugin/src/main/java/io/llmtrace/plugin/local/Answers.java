package io.llmtrace.plugin.local;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.llmtrace.policies.json.WireJson;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import java.util.LinkedHashMap;
import java.util.Map;

/** Makes HTTP answers. */
final class Answers {
  static final String JSON = "application/json";
  private static final String PROBLEM = "application/problem+json";

  private Answers() {}

  static FullHttpResponse of(HttpResponseStatus status, String contentType, byte[] body) {
    FullHttpResponse response =
        new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, status, Unpooled.wrappedBuffer(body));
    response.headers().set(HttpHeaderNames.CONTENT_TYPE, contentType);
    response.headers().setInt(HttpHeaderNames.CONTENT_LENGTH, body.length);
    return response;
  }

  static FullHttpResponse json(HttpResponseStatus status, Map<String, ?> document) {
    return of(status, JSON, bytes(document));
  }

  /** RFC 9457. */
  static FullHttpResponse problem(HttpResponseStatus status, String detail) {
    Map<String, Object> document = new LinkedHashMap<>();
    document.put("type", "about:blank");
    document.put("title", status.reasonPhrase());
    document.put("status", status.code());
    document.put("detail", detail);
    return of(status, PROBLEM, bytes(document));
  }

  private static byte[] bytes(Map<String, ?> document) {
    try {
      return WireJson.mapper().writeValueAsBytes(document);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("not a JSON document", e);
    }
  }
}
