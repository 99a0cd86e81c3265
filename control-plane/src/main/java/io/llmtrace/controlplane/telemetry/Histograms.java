package io.llmtrace.controlplane.telemetry;

import io.llmtrace.policies.exchange.Usage;
import io.llmtrace.policies.wire.CompletionRecord;
import io.llmtrace.runtime.config.TelemetryConfig.Conventions;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.common.AttributesBuilder;
import io.opentelemetry.api.metrics.DoubleHistogram;
import io.opentelemetry.api.metrics.LongHistogram;
import io.opentelemetry.api.metrics.Meter;
import io.opentelemetry.api.metrics.MeterProvider;

/**
 * The two histograms that the GenAI conventions have for who calls a provider. Of exchanges that
 * nobody observed there is nothing to measure. Thread-safe.
 */
final class Histograms {
  private static final AttributeKey<String> TENANT = AttributeKey.stringKey("llmtrace.tenant");

  private final Conventions conventions;
  private final LongHistogram tokens;
  private final DoubleHistogram durations;

  Histograms(MeterProvider provider, Conventions conventions, String version) {
    this.conventions = conventions;
    Meter meter =
        provider
            .meterBuilder(ExchangeSpans.SCOPE)
            .setInstrumentationVersion(version)
            .setSchemaUrl(conventions.schema())
            .build();
    this.tokens =
        meter
            .histogramBuilder(GenAi.TOKEN_USAGE)
            .setDescription("Number of input and output tokens used")
            .setUnit("{token}")
            .ofLongs()
            .setExplicitBucketBoundariesAdvice(GenAi.TOKEN_BOUNDS)
            .build();
    this.durations =
        meter
            .histogramBuilder(GenAi.DURATION)
            .setDescription("GenAI operation duration")
            .setUnit("s")
            .setExplicitBucketBoundariesAdvice(GenAi.DURATION_BOUNDS)
            .build();
  }

  void record(Told told) {
    CompletionRecord answered = told.answered();
    if (answered == null) {
      return;
    }
    Attributes attributes = attributes(told, answered);
    Usage usage = answered.usage();
    if (usage != null) {
      tokens.record(usage.promptTokens(), type(attributes, "input"));
      tokens.record(usage.completionTokens(), type(attributes, "output"));
    }
    AttributesBuilder duration = attributes.toBuilder();
    String error = told.errorType();
    if (error != null) {
      duration.put(GenAi.ERROR_TYPE, error);
    }
    durations.record(told.durationNanos() / 1e9, duration.build());
  }

  private static Attributes type(Attributes attributes, String type) {
    return attributes.toBuilder().put(GenAi.TOKEN_TYPE, type).build();
  }

  private Attributes attributes(Told told, CompletionRecord answered) {
    AttributesBuilder to = Attributes.builder();
    to.put(GenAi.OPERATION, GenAi.operation(told.asked().dialect()));
    ExchangeSpans.provider(to, conventions, told.asked().provider());
    to.put(TENANT, told.asked().tenant());
    if (!told.asked().model().isEmpty()) {
      to.put(GenAi.REQUEST_MODEL, told.asked().model());
    }
    if (answered.model() != null) {
      to.put(GenAi.RESPONSE_MODEL, answered.model());
    }
    return to.build();
  }
}
