package io.llmtrace.controlplane.telemetry;

import io.llmtrace.controlplane.semconv.ProviderNames;
import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.exchange.Usage;
import io.llmtrace.policies.id.Ulid;
import io.llmtrace.policies.policy.Decision;
import io.llmtrace.policies.wire.CompletionRecord;
import io.llmtrace.policies.wire.InspectionRecord;
import io.llmtrace.runtime.config.TelemetryConfig.Content;
import io.llmtrace.runtime.config.TelemetryConfig.Conventions;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.common.AttributesBuilder;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.SpanId;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.TraceFlags;
import io.opentelemetry.api.trace.TraceId;
import io.opentelemetry.api.trace.TraceState;
import io.opentelemetry.sdk.common.InstrumentationScopeInfo;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.data.EventData;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.data.StatusData;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Exchanges as spans, in a version of the GenAI conventions and with {@code llmtrace.*} for what
 * the conventions have no name for. Nobody's text is in a span: findings are events that name their
 * kind, and their masked evidence only where the configuration says so. Thread-safe.
 */
final class ExchangeSpans {
  /** Of all our spans and instruments. */
  static final String SCOPE = "io.llmtrace.control-plane";

  /** As many as SDKs keep of one span, unless told. */
  private static final int MOST_EVENTS = 128;

  private final Resource resource;
  private final Conventions conventions;
  private final Content content;
  private final InstrumentationScopeInfo scope;

  ExchangeSpans(Resource resource, Conventions conventions, Content content, String version) {
    this.resource = resource;
    this.conventions = conventions;
    this.content = content;
    this.scope =
        InstrumentationScopeInfo.builder(SCOPE)
            .setVersion(version)
            .setSchemaUrl(conventions.schema())
            .build();
  }

  SpanData of(Told told) {
    InspectionRecord asked = told.asked();
    String spanId = Ulid.spanId(asked.decisionId());
    // A record of another hand may name no trace; its span then begins one.
    String traceId =
        TraceId.isValid(asked.traceId()) ? asked.traceId() : SpanId.getInvalid() + spanId;
    SpanContext context =
        SpanContext.create(traceId, spanId, TraceFlags.getSampled(), TraceState.getDefault());
    SpanContext parent =
        SpanId.isValid(asked.parentSpan())
            ? SpanContext.createFromRemoteParent(
                traceId, asked.parentSpan(), TraceFlags.getSampled(), TraceState.getDefault())
            : SpanContext.getInvalid();
    long start = told.startNanos();
    int findings =
        asked.findings().size() + (told.answered() == null ? 0 : told.answered().findings().size());
    String operation = GenAi.operation(asked.dialect());
    return new ExchangeSpan(
        resource,
        scope,
        asked.model().isEmpty() ? operation : operation + " " + asked.model(),
        context,
        parent,
        start,
        start + told.durationNanos(),
        attributes(told, operation),
        events(told, start),
        findings,
        status(told));
  }

  private static StatusData status(Told told) {
    String error = told.errorType();
    return error == null ? StatusData.unset() : StatusData.create(StatusCode.ERROR, error);
  }

  private Attributes attributes(Told told, String operation) {
    InspectionRecord asked = told.asked();
    AttributesBuilder to = Attributes.builder();
    to.put(GenAi.OPERATION, operation);
    provider(to, conventions, asked.provider());
    text(to, GenAi.REQUEST_MODEL, asked.model());
    text(to, GenAi.CONVERSATION, asked.conversation());
    text(to, GenAi.ERROR_TYPE, told.errorType());
    to.put("http.request.method", asked.method()).put("url.path", asked.path());
    Decision decision = asked.decision();
    to.put("llmtrace.decision.id", asked.decisionId())
        .put("llmtrace.decision.action", decision.action().label())
        .put("llmtrace.decision.would", decision.would().label())
        .put("llmtrace.decision.mode", decision.mode().label())
        .put("llmtrace.decision.policy", decision.policy())
        .put("llmtrace.decision.rule", decision.rule())
        .put("llmtrace.decision.revision", decision.revision())
        .put("llmtrace.outcome", asked.outcome())
        .put("llmtrace.tenant", asked.tenant())
        .put("llmtrace.route", asked.route())
        .put("llmtrace.dialect", asked.dialect().label())
        .put("llmtrace.request.stream", asked.stream())
        .put("llmtrace.inspection.coverage", asked.receipt().coverage().label());
    text(to, AttributeKey.stringKey("llmtrace.decision.category"), decision.category());
    text(to, AttributeKey.stringKey("llmtrace.consumer"), asked.consumer());
    text(to, AttributeKey.stringKey("llmtrace.agent"), asked.agent());
    text(to, AttributeKey.stringKey("llmtrace.inspection.reason"), asked.receipt().reason());
    long total = asked.stagesMicros().getOrDefault("total", -1L);
    if (total >= 0) {
      to.put("llmtrace.inspection.duration", total / 1e6);
    }
    to.put("llmtrace.observed", told.answered() != null);
    if (told.answered() != null) {
      answered(to, told.answered());
    }
    return to.build();
  }

  private static void answered(AttributesBuilder to, CompletionRecord answered) {
    to.put("http.response.status_code", (long) answered.status());
    text(to, GenAi.RESPONSE_MODEL, answered.model());
    if (answered.finishReason() != null) {
      to.put(GenAi.FINISH_REASONS, List.of(answered.finishReason()));
    }
    Usage usage = answered.usage();
    if (usage != null) {
      to.put(GenAi.INPUT_TOKENS, usage.promptTokens());
      to.put(GenAi.OUTPUT_TOKENS, usage.completionTokens());
      to.put("llmtrace.usage.cached_tokens", usage.cachedTokens())
          .put("llmtrace.usage.reasoning_tokens", usage.reasoningTokens());
    }
    if (answered.usageSource() != null) {
      to.put("llmtrace.usage.source", answered.usageSource().label());
    }
    if (answered.costUsd() != null) {
      to.put("llmtrace.cost_usd", answered.costUsd().doubleValue());
    }
    if (answered.firstTokenMs() != null) {
      to.put("llmtrace.time_to_first_token", answered.firstTokenMs() / 1e3);
    }
    if (answered.refusal() != null) {
      to.put("llmtrace.refusal.by", answered.refusal().label());
    }
  }

  /** Puts the name of a provider where a version of the conventions has it. */
  static void provider(AttributesBuilder to, Conventions conventions, String label) {
    switch (conventions) {
      case V1_36 -> to.put(GenAi.SYSTEM, ProviderNames.system(label));
      case V1_37 -> to.put(GenAi.PROVIDER, ProviderNames.name(label));
    }
  }

  private static void text(AttributesBuilder to, AttributeKey<String> key, @Nullable String value) {
    if (value != null && !value.isEmpty()) {
      to.put(key, value);
    }
  }

  private List<EventData> events(Told told, long start) {
    List<EventData> events = new ArrayList<>();
    for (Finding finding : told.asked().findings()) {
      add(events, finding, "request", start);
    }
    CompletionRecord answered = told.answered();
    if (answered != null) {
      for (Finding finding : answered.findings()) {
        add(events, finding, "answer", start + told.durationNanos());
      }
    }
    return List.copyOf(events);
  }

  private void add(List<EventData> events, Finding finding, String origin, long nanos) {
    if (events.size() == MOST_EVENTS) {
      return;
    }
    AttributesBuilder to =
        Attributes.builder()
            .put("llmtrace.finding.type", finding.type().label())
            .put("llmtrace.finding.severity", finding.severity().label())
            .put("llmtrace.finding.confidence", finding.confidence())
            .put("llmtrace.finding.origin", origin)
            .put("llmtrace.finding.zone", finding.zone().label())
            .put("llmtrace.finding.detector", finding.detector())
            .put("llmtrace.finding.rule", finding.rule());
    if (content == Content.EVIDENCE) {
      to.put("llmtrace.finding.evidence", finding.evidence());
    }
    events.add(EventData.create(nanos, "llmtrace.finding", to.build()));
  }
}
