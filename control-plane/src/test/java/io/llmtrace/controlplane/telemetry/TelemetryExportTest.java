package io.llmtrace.controlplane.telemetry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import io.llmtrace.controlplane.Await;
import io.llmtrace.controlplane.Records;
import io.llmtrace.controlplane.access.Caller;
import io.llmtrace.controlplane.access.Grant;
import io.llmtrace.controlplane.access.Origin;
import io.llmtrace.controlplane.access.Role;
import io.llmtrace.controlplane.access.TenantScope;
import io.llmtrace.controlplane.ingest.Ingest;
import io.llmtrace.controlplane.ingest.StoredExchange;
import io.llmtrace.controlplane.metrics.Totals;
import io.llmtrace.controlplane.storage.Partitions;
import io.llmtrace.controlplane.storage.RetentionClass;
import io.llmtrace.controlplane.storage.TestStorage;
import io.llmtrace.controlplane.tenants.ListedTenants;
import io.llmtrace.policies.detect.Coverage;
import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.detect.Severity;
import io.llmtrace.policies.id.Ulid;
import io.llmtrace.policies.policy.Action;
import io.llmtrace.policies.wire.Batch;
import io.llmtrace.policies.wire.InspectionRecord;
import io.llmtrace.policies.wire.TelemetryRecord;
import io.llmtrace.runtime.config.Secret;
import io.llmtrace.runtime.config.TelemetryConfig;
import io.llmtrace.runtime.config.TelemetryConfig.Content;
import io.llmtrace.runtime.config.TelemetryConfig.Conventions;
import io.llmtrace.runtime.config.TelemetryConfig.Protocol;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.opentelemetry.proto.trace.v1.Span;
import io.opentelemetry.proto.trace.v1.Status;
import java.math.BigDecimal;
import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@ExtendWith(TestStorage.Extension.class)
class TelemetryExportTest {
  private static final Duration SOON = Duration.ofSeconds(60);
  private static final String PARENT = "b7ad6b7169203331";
  private static final String SECRET = "Bearer s3cret-of-the-collector";
  private static final Finding FINDING =
      Records.finding(FindingType.PROMPT_INJECTION, Severity.HIGH);

  private final TestStorage database;
  private final Ulid ids = new Ulid();
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private OtlpReceiver receiver;

  TelemetryExportTest(TestStorage database) {
    this.database = database;
  }

  @BeforeEach
  void start() throws Exception {
    receiver = new OtlpReceiver();
  }

  @AfterEach
  void stop() {
    receiver.close();
  }

  private TelemetryConfig to(Protocol protocol) {
    return config(
        protocol == Protocol.HTTP ? receiver.httpAddress() : receiver.grpcAddress(),
        protocol,
        Conventions.V1_37,
        Content.NONE,
        600);
  }

  private static TelemetryConfig config(
      URI endpoint, Protocol protocol, Conventions conventions, Content content, int queue) {
    return new TelemetryConfig(
        endpoint,
        protocol,
        Map.of("authorization", Secret.of(SECRET)),
        true,
        true,
        conventions,
        content,
        "llm-gateway",
        Duration.ofSeconds(1),
        queue,
        Set.of("127.0.0.1"));
  }

  private Telemetry telemetry(TelemetryConfig config) {
    return new Telemetry(
        config,
        "slot-1",
        database::jdbi,
        meters,
        new Retries(4, Duration.ofMillis(20)),
        Duration.ofMillis(50));
  }

  private double count(String result) {
    return meters.get("llmtrace.telemetry.exchanges").tag("result", result).counter().count();
  }

  private static InspectionRecord traced(InspectionRecord record, boolean tap) {
    return new InspectionRecord(
        record.decisionId(),
        record.at(),
        record.traceId(),
        record.tenant(),
        record.route(),
        record.consumer(),
        record.method(),
        record.path(),
        record.dialect(),
        record.provider(),
        record.model(),
        record.stream(),
        record.decision(),
        record.findings(),
        record.receipt(),
        record.stagesMicros(),
        tap,
        record.agent(),
        record.redacted(),
        record.conversation(),
        null,
        PARENT);
  }

  private InspectionRecord flagged(String id) {
    return traced(
        Records.inspection(
            id,
            new Records.Who("acme", "chat", "bob", "", "azure_openai", "gpt-4o"),
            Action.FLAG,
            Coverage.INSPECTED,
            List.of(FINDING)),
        true);
  }

  private StoredExchange exchange() {
    String id = ids.next();
    return new StoredExchange(id, flagged(id), Records.completion(id));
  }

  private static Map<String, Object> attributes(Span span) {
    return OtlpReceiver.values(span.getAttributesList());
  }

  @ParameterizedTest
  @EnumSource(Protocol.class)
  void anExchangeIsASpanOfTheConventionsBelowTheGatewaysSpan(Protocol protocol) throws Exception {
    StoredExchange exchange = exchange();
    try (Telemetry telemetry = telemetry(to(protocol))) {
      telemetry.stored(List.of(exchange));
      Await.until(SOON, () -> receiver.spans().size() == 1 && count("exported") == 1);
    }
    Span span = receiver.spans().get(0);
    HexFormat hex = HexFormat.of();
    assertThat(span.getName()).isEqualTo("chat gpt-4o");
    assertThat(span.getKind()).isEqualTo(Span.SpanKind.SPAN_KIND_CLIENT);
    assertThat(hex.formatHex(span.getTraceId().toByteArray()))
        .isEqualTo("0af7651916cd43dd8448eb211c80319c");
    assertThat(hex.formatHex(span.getParentSpanId().toByteArray())).isEqualTo(PARENT);
    assertThat(hex.formatHex(span.getSpanId().toByteArray()))
        .isEqualTo(Ulid.spanId(exchange.decisionId()));
    assertThat(span.getStartTimeUnixNano()).isEqualTo(1_772_409_600_000_000_000L);
    assertThat(span.getEndTimeUnixNano() - span.getStartTimeUnixNano()).isEqualTo(120_000_000L);
    assertThat(span.getStatus().getCode()).isEqualTo(Status.StatusCode.STATUS_CODE_UNSET);
    assertThat(attributes(span))
        .contains(
            entry("gen_ai.operation.name", "chat"),
            entry("gen_ai.provider.name", "azure.ai.openai"),
            entry("gen_ai.request.model", "gpt-4o"),
            entry("gen_ai.response.model", "gpt-4o"),
            entry("gen_ai.usage.input_tokens", 30L),
            entry("gen_ai.usage.output_tokens", 4L),
            entry("gen_ai.response.finish_reasons", List.of("stop")),
            entry("http.response.status_code", 200L),
            entry("llmtrace.decision.id", exchange.decisionId()),
            entry("llmtrace.decision.action", "flag"),
            entry("llmtrace.tenant", "acme"),
            entry("llmtrace.cost_usd", 0.25))
        .doesNotContainKeys("gen_ai.system", "error.type", "llmtrace.decision.category");
    assertThat(span.getEventsList()).hasSize(1);
    assertThat(span.getEvents(0).getName()).isEqualTo("llmtrace.finding");
    assertThat(OtlpReceiver.values(span.getEvents(0).getAttributesList()))
        .contains(
            entry("llmtrace.finding.type", "prompt_injection"),
            entry("llmtrace.finding.severity", "high"),
            entry("llmtrace.finding.origin", "request"))
        .doesNotContainKey("llmtrace.finding.evidence");
    var resource = receiver.requests().get(0).getResourceSpans(0);
    assertThat(OtlpReceiver.values(resource.getResource().getAttributesList()))
        .contains(entry("service.name", "llm-gateway"), entry("service.instance.id", "slot-1"));
    assertThat(resource.getScopeSpans(0).getSchemaUrl())
        .isEqualTo("https://opentelemetry.io/schemas/1.37.0");
    assertThat(receiver.heads())
        .allSatisfy(h -> assertThat(h).containsEntry("authorization", SECRET));
  }

  @ParameterizedTest
  @EnumSource(Protocol.class)
  void tokensAndDurationsAreTheHistogramsOfTheConventions(Protocol protocol) throws Exception {
    try (Telemetry telemetry = telemetry(to(protocol))) {
      telemetry.stored(List.of(exchange(), exchange()));
      // The first report may come between the two.
      Await.until(
          SOON,
          () ->
              receiver.metric(GenAi.DURATION).stream()
                  .limit(1)
                  .anyMatch(newest -> newest.getHistogram().getDataPoints(0).getCount() == 2));
    }
    var tokens = receiver.metric("gen_ai.client.token.usage").get(0);
    assertThat(tokens.getUnit()).isEqualTo("{token}");
    assertThat(tokens.getHistogram().getDataPointsList())
        .hasSize(2)
        .allSatisfy(
            point -> {
              Map<String, Object> of = OtlpReceiver.values(point.getAttributesList());
              boolean input = of.get("gen_ai.token.type").equals("input");
              assertThat(point.getSum()).isEqualTo(input ? 60 : 8);
              assertThat(point.getCount()).isEqualTo(2);
              assertThat(point.getExplicitBoundsList()).startsWith(1d, 4d, 16d).hasSize(14);
              assertThat(of)
                  .contains(
                      entry("gen_ai.operation.name", "chat"),
                      entry("gen_ai.provider.name", "azure.ai.openai"),
                      entry("gen_ai.request.model", "gpt-4o"));
            });
    var durations = receiver.metric("gen_ai.client.operation.duration").get(0);
    assertThat(durations.getUnit()).isEqualTo("s");
    assertThat(durations.getHistogram().getDataPoints(0).getSum()).isEqualTo(0.24);
  }

  @Test
  void theVersionOfTheConventionsAndMaskedEvidenceAreTheConfigurationsChoice() throws Exception {
    TelemetryConfig config =
        config(receiver.httpAddress(), Protocol.HTTP, Conventions.V1_36, Content.EVIDENCE, 600);
    try (Telemetry telemetry = telemetry(config)) {
      telemetry.stored(List.of(exchange()));
      Await.until(SOON, () -> receiver.spans().size() == 1);
    }
    Span span = receiver.spans().get(0);
    assertThat(attributes(span))
        .contains(entry("gen_ai.system", "az.ai.openai"))
        .doesNotContainKey("gen_ai.provider.name");
    assertThat(OtlpReceiver.values(span.getEvents(0).getAttributesList()))
        .contains(entry("llmtrace.finding.evidence", "***"));
    assertThat(receiver.requests().get(0).getResourceSpans(0).getScopeSpans(0).getSchemaUrl())
        .endsWith("/1.36.0");
  }

  @Test
  void whatWasBlockedOrFailedIsAnErrorOfAFewKinds() throws Exception {
    String blocked = ids.next();
    String failed = ids.next();
    try (Telemetry telemetry = telemetry(to(Protocol.HTTP))) {
      telemetry.stored(
          List.of(
              new StoredExchange(
                  blocked,
                  Records.inspection(
                      blocked,
                      Records.Who.tenant("acme"),
                      Action.BLOCK,
                      Coverage.INSPECTED,
                      List.of()),
                  Records.completion(blocked, 400, 2, BigDecimal.ZERO, List.of())),
              new StoredExchange(
                  failed,
                  Records.inspection(failed, Records.Who.tenant("acme")),
                  Records.completion(failed, 503, 2, BigDecimal.ZERO, List.of()))));
      Await.until(SOON, () -> receiver.spans().size() == 2);
    }
    assertThat(receiver.spans())
        .extracting(span -> attributes(span).get("error.type"))
        .containsExactly("llmtrace.blocked", "503");
    assertThat(receiver.spans())
        .allSatisfy(
            span ->
                assertThat(span.getStatus().getCode())
                    .isEqualTo(Status.StatusCode.STATUS_CODE_ERROR));
    assertThat(receiver.spans().get(0).getParentSpanId().isEmpty())
        .as("nobody named a span before it")
        .isTrue();
  }

  @Test
  void exchangesAreToldOnceAfterTheyAreCommittedWhicheverHalfComesLast() throws Exception {
    Totals totals = new Totals("telemetry");
    Partitions partitions = new Partitions(Clock.systemUTC(), Map.of(RetentionClass.STANDARD, 30));
    String early = ids.next();
    String late = ids.next();
    String alone = ids.next();
    try (Telemetry telemetry = telemetry(to(Protocol.HTTP));
        Ingest ingest =
            new Ingest(
                database::jdbi,
                new ListedTenants(),
                totals,
                partitions,
                tenant -> RetentionClass.STANDARD,
                telemetry)) {
      send(ingest, 1, List.of(flagged(early), traced(flagged(alone), false)));
      send(ingest, 2, List.of(Records.completion(late)));
      Await.until(SOON, () -> receiver.spans().size() == 1);
      assertThat(attributes(receiver.spans().get(0)))
          .contains(entry("llmtrace.decision.id", alone), entry("llmtrace.observed", false));
      send(ingest, 3, List.of(Records.completion(early), flagged(late)));
      // Again: by another batch, and by the same one.
      send(ingest, 4, List.of(Records.completion(early), flagged(late)));
      send(ingest, 4, List.of(Records.completion(early), flagged(late)));
      Await.until(SOON, () -> receiver.spans().size() >= 3);
    }
    assertThat(receiver.spans())
        .extracting(span -> attributes(span).get("llmtrace.decision.id"))
        .containsExactlyInAnyOrder(alone, early, late);
    assertThat(receiver.spans())
        .filteredOn(span -> !attributes(span).get("llmtrace.decision.id").equals(alone))
        .allSatisfy(
            span ->
                assertThat(attributes(span))
                    .contains(
                        entry("llmtrace.decision.action", "flag"),
                        entry("gen_ai.usage.input_tokens", 30L)));
  }

  private static void send(Ingest ingest, long sequence, List<? extends TelemetryRecord> records) {
    Caller caller =
        new Caller(
            "key",
            Caller.Kind.KEY,
            "key",
            List.of(new Grant(Role.INSTANCE, TenantScope.all())),
            Set.of(),
            new Origin("127.0.0.1", "", "r"));
    var unused =
        ingest.accept(
            caller, new Batch(Batch.SCHEMA, "gw", "boot", sequence, List.copyOf(records)));
  }

  @ParameterizedTest
  @EnumSource(Protocol.class)
  void whatHealsIsTriedAgainAndWhatDoesNotIsCounted(Protocol protocol) throws Exception {
    boolean http = protocol == Protocol.HTTP;
    try (Telemetry telemetry = telemetry(to(protocol))) {
      receiver.fails(http ? 503 : 14, http ? 429 : 4);
      telemetry.stored(List.of(exchange()));
      Await.until(SOON, () -> count("exported") == 1);
      assertThat(receiver.faultsLeft()).isZero();
      receiver.fails(http ? 400 : 3);
      telemetry.stored(List.of(exchange()));
      Await.until(SOON, () -> count("failed") == 1);
      assertThat(receiver.spans()).as("what is refused is not sent again").hasSize(1);
      receiver.rejects(1);
      telemetry.stored(List.of(exchange()));
      Await.until(SOON, () -> count("rejected") == 1);
      assertThat(count("exported")).isEqualTo(1);
    }
  }

  @Test
  void aFullQueueDropsAndCountsAndNeverWaits() {
    URI nobody = URI.create("http://127.0.0.1:9");
    TelemetryConfig config = config(nobody, Protocol.HTTP, Conventions.V1_37, Content.NONE, 2);
    try (Telemetry telemetry = telemetry(config)) {
      List<StoredExchange> many =
          java.util.stream.Stream.generate(this::exchange).limit(5_000).toList();
      long began = System.nanoTime();
      telemetry.stored(many);
      assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofSeconds(30));
      assertThat(count("dropped")).isGreaterThan(1_000);
    }
    assertThat(count("dropped") + count("failed")).as("each ends in one result").isEqualTo(5_000);
  }

  @ParameterizedTest
  @EnumSource(Protocol.class)
  void nothingIsSentToWhereNobodyAllowedIt(Protocol protocol) throws Exception {
    URI private4 =
        URI.create(
            protocol == Protocol.HTTP
                ? "https://127.0.0.1:" + port(receiver.httpAddress())
                : "https://127.0.0.1:" + port(receiver.grpcAddress()));
    TelemetryConfig allowed = config(private4, protocol, Conventions.V1_37, Content.NONE, 600);
    TelemetryConfig config =
        new TelemetryConfig(
            private4,
            protocol,
            allowed.headers(),
            true,
            false,
            Conventions.V1_37,
            Content.NONE,
            "x",
            Duration.ofSeconds(60),
            600,
            Set.of());
    try (Telemetry telemetry = telemetry(config)) {
      telemetry.stored(List.of(exchange()));
      Await.until(SOON, () -> count("failed") == 1);
    }
    assertThat(receiver.heads()).isEmpty();
    assertThat(config.toString()).doesNotContain("s3cret");
  }

  private static int port(URI address) {
    return address.getPort();
  }

  @Test
  void withoutAnEndpointThereIsNothing() {
    @Nullable Telemetry none = Telemetry.of(TelemetryConfig.none(), "slot", database::jdbi, meters);
    assertThat(none).isNull();
    assertThat(meters.getMeters()).isEmpty();
  }
}
