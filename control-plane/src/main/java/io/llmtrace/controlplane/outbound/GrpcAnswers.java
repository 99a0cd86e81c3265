package io.llmtrace.controlplane.outbound;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.hc.core5.concurrent.FutureCallback;
import org.apache.hc.core5.http.EntityDetails;
import org.apache.hc.core5.http.Header;
import org.apache.hc.core5.http.HttpResponse;
import org.apache.hc.core5.http.nio.AsyncResponseConsumer;
import org.apache.hc.core5.http.nio.CapacityChannel;
import org.apache.hc.core5.http.protocol.HttpContext;
import org.jspecify.annotations.Nullable;

/** Reads one answer of gRPC: its status is in the trailers, or in the head of an empty one. */
final class GrpcAnswers implements AsyncResponseConsumer<GrpcAnswers.Raw> {
  private static final int MOST_BYTES = 64 << 10;

  /**
   * An answer as it came.
   *
   * @param fields of head and trailers by name in lower case
   */
  @SuppressWarnings("ArrayRecordComponent")
  record Raw(int httpStatus, Map<String, String> fields, byte[] body) {}

  private final ByteArrayOutputStream body = new ByteArrayOutputStream();
  private final Map<String, String> fields = new HashMap<>();
  private int status;
  private @Nullable FutureCallback<Raw> done;

  @Override
  public void consumeResponse(
      HttpResponse response,
      @Nullable EntityDetails entity,
      HttpContext context,
      FutureCallback<Raw> callback) {
    status = response.getCode();
    done = callback;
    add(List.of(response.getHeaders()));
    if (entity == null) {
      callback.completed(new Raw(status, fields, new byte[0]));
    }
  }

  @Override
  public void informationResponse(HttpResponse response, HttpContext context) {
    // Says nothing that a unary call asks for.
  }

  @Override
  public void updateCapacity(CapacityChannel channel) throws IOException {
    channel.update(Integer.MAX_VALUE);
  }

  @Override
  public void consume(ByteBuffer part) throws IOException {
    if (body.size() + part.remaining() > MOST_BYTES) {
      throw new IOException("an answer of more than " + MOST_BYTES + " bytes");
    }
    byte[] bytes = new byte[part.remaining()];
    part.get(bytes);
    body.writeBytes(bytes);
  }

  @Override
  public void streamEnd(@Nullable List<? extends Header> trailers) {
    if (trailers != null) {
      add(trailers);
    }
    if (done != null) {
      done.completed(new Raw(status, fields, body.toByteArray()));
    }
  }

  private void add(List<? extends Header> headers) {
    for (Header header : headers) {
      fields.put(
          header.getName().toLowerCase(Locale.ROOT),
          header.getValue() == null ? "" : header.getValue());
    }
  }

  @Override
  public void failed(Exception cause) {
    if (done != null) {
      done.failed(cause);
    }
  }

  @Override
  public void releaseResources() {
    // Holds memory alone.
  }
}
