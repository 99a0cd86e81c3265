package io.llmtrace.controlplane.otlp;

import io.llmtrace.controlplane.access.Access;
import io.llmtrace.controlplane.access.Caller;
import io.llmtrace.controlplane.access.Permission;
import io.llmtrace.controlplane.access.Requires;
import io.llmtrace.controlplane.access.TenantScope;
import io.llmtrace.controlplane.ingest.Ingest;
import io.llmtrace.controlplane.ingest.WireBody;
import io.llmtrace.controlplane.prices.StoredPrices;
import io.llmtrace.policies.detect.Receipt;
import io.llmtrace.policies.usage.Price;
import io.llmtrace.policies.wire.Batch;
import io.llmtrace.policies.wire.TelemetryRecord;
import io.llmtrace.runtime.config.OtlpIngestConfig;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.opentelemetry.proto.collector.trace.v1.ExportTracePartialSuccess;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceResponse;
import io.opentelemetry.proto.trace.v1.ResourceSpans;
import io.opentelemetry.proto.trace.v1.ScopeSpans;
import io.opentelemetry.proto.trace.v1.Span;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.HeaderParam;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.WebApplicationException;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.Response;
import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Supplier;
import org.jdbi.v3.core.Jdbi;
import org.jspecify.annotations.Nullable;

/**
 * {@code POST /v1/traces}: OTLP/HTTP in protobuf or JSON. It is no operation of our API, whose
 * document describes JSON of ours: OpenTelemetry's specification describes it.
 */
@Path(Access.SPANS)
public final class TracesResource {
  private static final int RECORDS_OF_A_BATCH = 5_000;

  /** Unpacked; collectors send some hundred spans at a time. */
  private static final int MOST_BYTES = 4 << 20;

  /** A span without anything in it is two bytes, and fifty times that in memory. */
  private static final int WEIGHT = 8;

  private static final int LONGEST_MESSAGE = 500;

  private final WireBody bodies;
  private final Ingest ingest;
  private final SpanExchanges exchanges;
  private final Set<String> gatewayHosts = new HashSet<>();
  private final Counter accepted;
  private final Counter rejected;
  private final Counter ignored;
  private final Counter gateway;

  /**
   * @param file prices of the configuration
   */
  public TracesResource(
      OtlpIngestConfig config,
      WireBody bodies,
      Ingest ingest,
      List<Price> file,
      Supplier<Jdbi> jdbi,
      MeterRegistry meters,
      Clock clock) {
    this.bodies = bodies;
    this.ingest = ingest;
    this.exchanges = new SpanExchanges(new PriceBook(file, new StoredPrices(jdbi), clock), clock);
    config.gatewayHosts().forEach(host -> gatewayHosts.add(host.toLowerCase(Locale.ROOT)));
    this.accepted = counter(meters, "accepted");
    this.rejected = counter(meters, "rejected");
    this.ignored = counter(meters, "ignored");
    this.gateway = counter(meters, "gateway");
  }

  private static Counter counter(MeterRegistry meters, String result) {
    return Counter.builder("llmtrace.otlp.spans")
        .description("Spans that applications sent, by what became of them")
        .tag("result", result)
        .register(meters);
  }

  @POST
  @Requires(Permission.TELEMETRY_WRITE)
  @Consumes({"application/x-protobuf", "application/json"})
  public Response traces(
      @Context Caller caller,
      @HeaderParam("Content-Type") @Nullable String type,
      @HeaderParam("Content-Encoding") @Nullable String encoding,
      InputStream body)
      throws IOException {
    OtlpBody form =
        type != null && type.toLowerCase(Locale.ROOT).startsWith(OtlpBody.JSON.type())
            ? OtlpBody.JSON
            : OtlpBody.PROTOBUF;
    try {
      ExportTraceServiceResponse answer =
          bodies.useBytes(
              body,
              encoding,
              MOST_BYTES,
              WEIGHT,
              "too much waits to be stored, send it again",
              bytes -> take(caller, bytes, form.read(bytes)));
      return Response.ok(form.write(answer), form.type()).build();
    } catch (WebApplicationException e) {
      // OTLP has a form of its own for what is refused; status and headers stay.
      return Response.fromResponse(e.getResponse())
          .type(form.type())
          .entity(form.fault(String.valueOf(e.getMessage())))
          .build();
    }
  }

  private ExportTraceServiceResponse take(
      Caller caller, byte[] bytes, ExportTraceServiceRequest request) {
    Taken taken = new Taken();
    for (ResourceSpans resource : request.getResourceSpansList()) {
      SpanValues of = new SpanValues(resource.getResource().getAttributesList());
      for (ScopeSpans scope : resource.getScopeSpansList()) {
        for (Span span : scope.getSpansList()) {
          add(caller, of, span, taken);
        }
      }
    }
    store(caller, bytes, taken.records);
    accepted.increment(taken.records.size() / 2.0);
    rejected.increment(taken.rejected);
    ignored.increment(taken.ignored);
    gateway.increment(taken.gateway);
    ExportTraceServiceResponse.Builder answer = ExportTraceServiceResponse.newBuilder();
    if (taken.rejected > 0) {
      answer.setPartialSuccess(
          ExportTracePartialSuccess.newBuilder()
              .setRejectedSpans(taken.rejected)
              .setErrorMessage(taken.why));
    }
    return answer.build();
  }

  /** What came of the spans of a request; one thread's. */
  private static final class Taken {
    private final List<TelemetryRecord> records = new ArrayList<>();
    private int rejected;
    private int ignored;
    private int gateway;
    private String why = "";

    void reject(Span span, String reason) {
      rejected++;
      if (why.isEmpty()) {
        String text =
            "span " + HexFormat.of().formatHex(span.getSpanId().toByteArray()) + ": " + reason;
        why = text.length() > LONGEST_MESSAGE ? text.substring(0, LONGEST_MESSAGE) : text;
      }
    }
  }

  private void add(Caller caller, SpanValues resource, Span span, Taken taken) {
    SpanValues values = new SpanValues(span.getAttributesList());
    if (!SpanExchanges.isCall(values)) {
      taken.ignored++;
      return;
    }
    if (gatewayHosts.contains(values.text("server.address").toLowerCase(Locale.ROOT))) {
      taken.gateway++;
      return;
    }
    try {
      String service = resource.text("service.name");
      SpanExchanges.Made made =
          exchanges.of(
              span,
              values,
              tenant(caller, resource.text("llmtrace.tenant")),
              service.isEmpty() ? "unknown_service" : service);
      taken.records.add(made.asked());
      taken.records.add(made.answered());
    } catch (RefusedSpanException e) {
      taken.reject(span, e.reason());
    }
  }

  /** The tenant that a resource names, else the only one of the key, else the default one. */
  private static String tenant(Caller caller, String named) throws RefusedSpanException {
    TenantScope scope = caller.tenants(Permission.TELEMETRY_WRITE);
    String tenant = named;
    if (tenant.isEmpty()) {
      tenant =
          scope instanceof TenantScope.Only only && only.tenants().size() == 1
              ? only.tenants().iterator().next()
              : "default";
    }
    if (!scope.includes(tenant)) {
      throw new RefusedSpanException(
          "llmtrace.tenant: expected, as an attribute of the resource, a tenant of this key");
    }
    return tenant;
  }

  /**
   * In batches that are known by what was sent, so that a request that comes again adds nothing.
   */
  private void store(Caller caller, byte[] bytes, List<TelemetryRecord> records) {
    String sent = digest(bytes);
    for (int from = 0, number = 1; from < records.size(); from += RECORDS_OF_A_BATCH, number++) {
      List<TelemetryRecord> part =
          records.subList(from, Math.min(records.size(), from + RECORDS_OF_A_BATCH));
      var unused =
          ingest.accept(
              caller, new Batch(Batch.SCHEMA, Receipt.OTLP, sent, number, List.copyOf(part)));
    }
  }

  private static String digest(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
