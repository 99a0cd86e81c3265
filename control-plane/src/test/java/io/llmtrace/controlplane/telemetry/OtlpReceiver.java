package io.llmtrace.controlplane.telemetry;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.grpc.ForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import io.opentelemetry.proto.collector.metrics.v1.ExportMetricsServiceRequest;
import io.opentelemetry.proto.collector.metrics.v1.ExportMetricsServiceResponse;
import io.opentelemetry.proto.collector.metrics.v1.MetricsServiceGrpc;
import io.opentelemetry.proto.collector.trace.v1.ExportTracePartialSuccess;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceResponse;
import io.opentelemetry.proto.collector.trace.v1.TraceServiceGrpc;
import io.opentelemetry.proto.common.v1.AnyValue;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.metrics.v1.Metric;
import io.opentelemetry.proto.trace.v1.Span;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Queue;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.zip.GZIPInputStream;

/** A collector that decodes what it is sent, by the messages of the protocol and not by ours. */
@SuppressWarnings("try")
final class OtlpReceiver implements AutoCloseable {
  private final List<ExportTraceServiceRequest> traces = new CopyOnWriteArrayList<>();
  private final List<ExportMetricsServiceRequest> metrics = new CopyOnWriteArrayList<>();
  private final List<Map<String, String>> heads = new CopyOnWriteArrayList<>();
  private final Queue<Integer> faults = new ConcurrentLinkedQueue<>();
  private final HttpServer http;
  private final Server grpc;
  private volatile long rejects;

  OtlpReceiver() throws IOException {
    http = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    http.createContext("/v1/traces", this::traces);
    http.createContext("/v1/metrics", this::metrics);
    http.start();
    grpc =
        NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .addService(new Traces())
            .addService(new Metrics())
            .intercept(new Heads())
            .build()
            .start();
  }

  URI httpAddress() {
    return URI.create("http://127.0.0.1:" + http.getAddress().getPort());
  }

  URI grpcAddress() {
    return URI.create("http://127.0.0.1:" + grpc.getPort());
  }

  /** Answers the next exports with these: statuses of HTTP, or of gRPC below 100. */
  void fails(Integer... statuses) {
    faults.addAll(List.of(statuses));
  }

  /** Says of each export that so many of its spans are not taken. */
  void rejects(long spans) {
    rejects = spans;
  }

  int faultsLeft() {
    return faults.size();
  }

  List<Map<String, String>> heads() {
    return heads;
  }

  List<ExportTraceServiceRequest> requests() {
    return traces;
  }

  List<Span> spans() {
    List<Span> spans = new ArrayList<>();
    traces.forEach(
        request ->
            request
                .getResourceSpansList()
                .forEach(
                    resource ->
                        resource
                            .getScopeSpansList()
                            .forEach(scope -> spans.addAll(scope.getSpansList()))));
    return spans;
  }

  /** The newest points of a metric. */
  List<Metric> metric(String name) {
    ArrayDeque<Metric> found = new ArrayDeque<>();
    metrics.forEach(
        request ->
            request
                .getResourceMetricsList()
                .forEach(
                    resource ->
                        resource
                            .getScopeMetricsList()
                            .forEach(
                                scope ->
                                    scope.getMetricsList().stream()
                                        .filter(each -> each.getName().equals(name))
                                        .forEach(found::addFirst))));
    return List.copyOf(found);
  }

  /** Attributes with their plain values. */
  static Map<String, Object> values(List<KeyValue> attributes) {
    Map<String, Object> values = new TreeMap<>();
    attributes.forEach(each -> values.put(each.getKey(), value(each.getValue())));
    return values;
  }

  private static Object value(AnyValue value) {
    return switch (value.getValueCase()) {
      case STRING_VALUE -> value.getStringValue();
      case INT_VALUE -> value.getIntValue();
      case DOUBLE_VALUE -> value.getDoubleValue();
      case BOOL_VALUE -> value.getBoolValue();
      case ARRAY_VALUE ->
          value.getArrayValue().getValuesList().stream().map(OtlpReceiver::value).toList();
      default -> throw new AssertionError("no such value is sent: " + value);
    };
  }

  private void traces(HttpExchange exchange) throws IOException {
    byte[] body = body(exchange);
    if (!failed(exchange)) {
      traces.add(ExportTraceServiceRequest.parseFrom(body));
      answer(exchange, 200, taken().toByteArray());
    }
  }

  private void metrics(HttpExchange exchange) throws IOException {
    byte[] body = body(exchange);
    metrics.add(ExportMetricsServiceRequest.parseFrom(body));
    answer(exchange, 200, ExportMetricsServiceResponse.getDefaultInstance().toByteArray());
  }

  private byte[] body(HttpExchange exchange) throws IOException {
    Map<String, String> head = new TreeMap<>();
    exchange
        .getRequestHeaders()
        .forEach((name, all) -> head.put(name.toLowerCase(Locale.ROOT), all.get(0)));
    heads.add(head);
    return "gzip".equals(head.get("content-encoding"))
        ? new GZIPInputStream(exchange.getRequestBody()).readAllBytes()
        : exchange.getRequestBody().readAllBytes();
  }

  private boolean failed(HttpExchange exchange) throws IOException {
    Integer fault = faults.poll();
    if (fault != null) {
      answer(exchange, fault, new byte[0]);
    }
    return fault != null;
  }

  private ExportTraceServiceResponse taken() {
    return rejects == 0
        ? ExportTraceServiceResponse.getDefaultInstance()
        : ExportTraceServiceResponse.newBuilder()
            .setPartialSuccess(
                ExportTracePartialSuccess.newBuilder()
                    .setRejectedSpans(rejects)
                    .setErrorMessage("no room"))
            .build();
  }

  private static void answer(HttpExchange exchange, int status, byte[] body) throws IOException {
    try (exchange) {
      exchange.getResponseHeaders().add("Content-Type", "application/x-protobuf");
      exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
      exchange.getResponseBody().write(body);
    }
  }

  private final class Traces extends TraceServiceGrpc.TraceServiceImplBase {
    @Override
    public void export(
        ExportTraceServiceRequest request, StreamObserver<ExportTraceServiceResponse> to) {
      Integer fault = faults.poll();
      if (fault != null) {
        to.onError(Status.fromCodeValue(fault).withDescription("not näw").asRuntimeException());
        return;
      }
      traces.add(request);
      to.onNext(taken());
      to.onCompleted();
    }
  }

  private final class Metrics extends MetricsServiceGrpc.MetricsServiceImplBase {
    @Override
    public void export(
        ExportMetricsServiceRequest request, StreamObserver<ExportMetricsServiceResponse> to) {
      metrics.add(request);
      to.onNext(ExportMetricsServiceResponse.getDefaultInstance());
      to.onCompleted();
    }
  }

  private final class Heads implements ServerInterceptor {
    @Override
    public <Q, A> ServerCall.Listener<Q> interceptCall(
        ServerCall<Q, A> call, Metadata head, ServerCallHandler<Q, A> next) {
      Map<String, String> plain = new TreeMap<>();
      head.keys()
          .forEach(
              name ->
                  plain.put(
                      name, head.get(Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER))));
      heads.add(plain);
      return new ForwardingServerCallListener.SimpleForwardingServerCallListener<>(
          next.startCall(call, head)) {};
    }
  }

  @Override
  public void close() {
    http.stop(0);
    grpc.shutdownNow();
  }
}
