package io.llmtrace.controlplane.telemetry;

import io.llmtrace.controlplane.outbound.GrpcTransport;
import io.llmtrace.controlplane.outbound.HttpTransport;
import io.llmtrace.controlplane.outbound.Reply;
import io.opentelemetry.common.ComponentLoader;
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.common.export.Compressor;
import io.opentelemetry.sdk.common.export.GrpcResponse;
import io.opentelemetry.sdk.common.export.GrpcSender;
import io.opentelemetry.sdk.common.export.GrpcSenderConfig;
import io.opentelemetry.sdk.common.export.GrpcSenderProvider;
import io.opentelemetry.sdk.common.export.GrpcStatusCode;
import io.opentelemetry.sdk.common.export.HttpResponse;
import io.opentelemetry.sdk.common.export.HttpSender;
import io.opentelemetry.sdk.common.export.HttpSenderConfig;
import io.opentelemetry.sdk.common.export.HttpSenderProvider;
import io.opentelemetry.sdk.common.export.MessageWriter;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What carries exports of the OpenTelemetry SDK: our own guarded ways out in place of those that
 * the SDK would find on the class path. Calls are made on the thread that exports. Thread-safe.
 */
final class Senders implements ComponentLoader {
  /** Told of each answer of success, which may say that a part was not taken. */
  interface Answers {
    /**
     * An answer.
     *
     * @param target path of the address, or the method's name
     * @param body of the answer, protobuf
     */
    void taken(String target, byte[] body);

    /** A try that failed, in words that name no target and no secret. */
    void failed(String reason);
  }

  /** Of OTLP/HTTP; others are not tried again. */
  private static final Set<Integer> HEALING_HTTP = Set.of(429, 502, 503, 504);

  /** Of OTLP/gRPC: cancelled, deadline exceeded, aborted, out of range, unavailable, data loss. */
  private static final Set<Integer> HEALING_GRPC = Set.of(1, 4, 10, 11, 14, 15);

  private final HttpTransport http;
  private final GrpcTransport grpc;
  private final Retries retries;
  private final Answers answers;

  Senders(HttpTransport http, GrpcTransport grpc, Retries retries, Answers answers) {
    this.http = http;
    this.grpc = grpc;
    this.retries = retries;
    this.answers = answers;
  }

  @Override
  public <T> Iterable<T> load(Class<T> kind) {
    if (kind == HttpSenderProvider.class) {
      HttpSenderProvider provider = Http::new;
      return List.of(kind.cast(provider));
    }
    if (kind == GrpcSenderProvider.class) {
      GrpcSenderProvider provider = Grpc::new;
      return List.of(kind.cast(provider));
    }
    return List.of();
  }

  private static byte[] bytes(MessageWriter writer, @Nullable Compressor compressor)
      throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    if (compressor == null) {
      writer.writeMessage(bytes);
    } else {
      try (OutputStream compressed = compressor.compress(bytes)) {
        writer.writeMessage(compressed);
      }
    }
    return bytes.toByteArray();
  }

  private static Map<String, String> headers(Supplier<Map<String, List<String>>> supplier) {
    Map<String, String> headers = new HashMap<>();
    Map<String, List<String>> given = supplier.get();
    if (given != null) {
      given.forEach((name, values) -> headers.put(name, String.join(",", values)));
    }
    return headers;
  }

  private final class Http implements HttpSender {
    private final HttpSenderConfig config;

    Http(HttpSenderConfig config) {
      this.config = config;
    }

    @Override
    public void send(
        MessageWriter writer, Consumer<HttpResponse> answered, Consumer<Throwable> failed) {
      Map<String, String> headers = headers(config.getHeadersSupplier());
      headers.put("Content-Type", config.getContentType());
      Compressor compressor = config.getCompressor();
      if (compressor != null) {
        headers.put("Content-Encoding", compressor.getEncoding());
      }
      byte[] body;
      try {
        body = bytes(writer, compressor);
      } catch (IOException e) {
        failed.accept(e);
        return;
      }
      Reply reply = retries.run(() -> tried(headers, body));
      if (reply instanceof Reply.Answered end) {
        if (end.status() < 300) {
          answers.taken(config.getEndpoint().getPath(), end.bodyStart());
        }
        answered.accept(new HttpEnd(end.status(), end.bodyStart()));
      } else {
        failed.accept(
            new IOException(
                reply instanceof Reply.Refused refused
                    ? refused.reason()
                    : ((Reply.Unanswered) reply).reason()));
      }
    }

    private Retries.Try<Reply> tried(Map<String, String> headers, byte[] body) {
      Reply reply = http.post(config.getEndpoint(), headers, body);
      if (reply instanceof Reply.Answered end) {
        boolean heals = HEALING_HTTP.contains(end.status());
        if (end.status() >= 300) {
          answers.failed("answered " + end.status());
        }
        return new Retries.Try<>(reply, heals, pause(end));
      }
      answers.failed(
          reply instanceof Reply.Refused refused
              ? refused.reason()
              : ((Reply.Unanswered) reply).reason());
      return new Retries.Try<>(reply, reply instanceof Reply.Unanswered, null);
    }

    private @Nullable Duration pause(Reply.Answered end) {
      String asked = end.headers().getOrDefault("retry-after", List.of("")).get(0).strip();
      return asked.matches("\\d{1,6}") ? Duration.ofSeconds(Long.parseLong(asked)) : null;
    }

    @Override
    public CompletableResultCode shutdown() {
      return CompletableResultCode.ofSuccess();
    }
  }

  @SuppressWarnings("ArrayRecordComponent") // an answer on its way, never compared
  private record HttpEnd(int status, byte[] body) implements HttpResponse {
    @Override
    public int getStatusCode() {
      return status;
    }

    @Override
    public String getStatusMessage() {
      return "";
    }

    @Override
    public byte[] getResponseBody() {
      return body;
    }
  }

  private final class Grpc implements GrpcSender {
    private final GrpcSenderConfig config;

    Grpc(GrpcSenderConfig config) {
      this.config = config;
    }

    @Override
    public void send(
        MessageWriter writer, Consumer<GrpcResponse> answered, Consumer<Throwable> failed) {
      byte[] message;
      try {
        message = bytes(writer, null);
      } catch (IOException e) {
        failed.accept(e);
        return;
      }
      Map<String, String> headers = headers(config.getHeadersSupplier());
      GrpcTransport.Answer answer = retries.run(() -> tried(headers, message));
      if (answer instanceof GrpcTransport.Answer.Answered end) {
        if (end.status() == 0) {
          answers.taken(config.getFullMethodName(), end.message());
        }
        answered.accept(new GrpcEnd(end));
      } else {
        failed.accept(new IOException(reason(answer)));
      }
    }

    private Retries.Try<GrpcTransport.Answer> tried(Map<String, String> headers, byte[] message) {
      GrpcTransport.Answer answer =
          grpc.call(config.getEndpoint(), config.getFullMethodName(), headers, message);
      boolean heals =
          answer instanceof GrpcTransport.Answer.Answered end
              ? HEALING_GRPC.contains(end.status())
              : answer instanceof GrpcTransport.Answer.Unanswered;
      if (!(answer instanceof GrpcTransport.Answer.Answered end) || end.status() != 0) {
        answers.failed(reason(answer));
      }
      return new Retries.Try<>(answer, heals, null);
    }

    private String reason(GrpcTransport.Answer answer) {
      if (answer instanceof GrpcTransport.Answer.Answered end) {
        return "answered gRPC status " + end.status();
      }
      return answer instanceof GrpcTransport.Answer.Refused refused
          ? refused.reason()
          : ((GrpcTransport.Answer.Unanswered) answer).reason();
    }

    @Override
    public CompletableResultCode shutdown() {
      return CompletableResultCode.ofSuccess();
    }
  }

  private record GrpcEnd(GrpcTransport.Answer.Answered end) implements GrpcResponse {
    @Override
    public GrpcStatusCode getStatusCode() {
      return Arrays.stream(GrpcStatusCode.values())
          .filter(each -> each.getValue() == end.status())
          .findFirst()
          .orElse(GrpcStatusCode.UNKNOWN);
    }

    @Override
    public String getStatusDescription() {
      return end.description();
    }

    @Override
    public byte[] getResponseMessage() {
      return end.message();
    }
  }
}
