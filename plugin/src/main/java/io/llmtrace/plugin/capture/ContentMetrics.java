package io.llmtrace.plugin.capture;

import io.llmtrace.policies.wire.ContentPart;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;

/** Counts what becomes of content in this process. Thread-safe. */
final class ContentMetrics {
  private final MeterRegistry meters;

  ContentMetrics(MeterRegistry meters) {
    this.meters = meters;
  }

  /** A part was made and waits to be sent. */
  void captured(ContentPart part) {
    Counter.builder("llmtrace_plugin_content_captured")
        .description("Parts of exchanges whose content was made ready to be sent")
        .tag("part", part.label())
        .register(meters)
        .increment();
  }

  /** Parts that nobody will get. */
  void dropped(String reason, int parts) {
    if (parts > 0) {
      Counter.builder("llmtrace_plugin_content_dropped")
          .description("Parts of exchanges whose content was to be kept and is not")
          .tag("reason", reason)
          .register(meters)
          .increment(parts);
    }
  }
}
