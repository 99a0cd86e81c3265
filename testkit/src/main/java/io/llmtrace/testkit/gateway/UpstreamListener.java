package io.llmtrace.testkit.gateway;

import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.HttpResponse;

/**
 * Takes one answer of an upstream as it comes: a head, content, an end; or a failure at any point.
 */
interface UpstreamListener {
  void head(HttpResponse response);

  /** Some of the body; valid during the call. */
  void content(ByteBuf bytes);

  /** What has arrived so far has been handed over: the time to flush. */
  void pause();

  void end();

  void failed(UpstreamFailure failure);
}
