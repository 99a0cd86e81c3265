package io.llmtrace.controlplane.metrics;

import io.llmtrace.policies.detect.Receipt;
import io.llmtrace.policies.exchange.Dialect;
import io.llmtrace.policies.wire.InspectionRecord;

/**
 * What of a request is counted when its answer is known.
 *
 * @param spendsTokens whether an answer in the request's dialect costs tokens
 */
public record Asked(
    String provider, String model, String route, String tenant, boolean spendsTokens) {

  /** Spans of applications have the name of the application behind it, which anybody may invent. */
  private static final String SPANS = Receipt.OTLP + "/";

  public Asked {
    route = route.startsWith(SPANS) ? Receipt.OTLP : route;
  }

  /** Whether an application told of it, and no gateway. */
  boolean isSpan() {
    return route.equals(Receipt.OTLP);
  }

  public static Asked of(InspectionRecord record) {
    return new Asked(
        record.provider(),
        record.model(),
        record.route(),
        record.tenant(),
        record.dialect().spendsTokens());
  }

  /** The same from the columns of a stored exchange. */
  public static Asked of(
      String provider, String model, String route, String tenant, String dialect) {
    for (Dialect each : Dialect.values()) {
      if (each.label().equals(dialect)) {
        return new Asked(provider, model, route, tenant, each.spendsTokens());
      }
    }
    return new Asked(provider, model, route, tenant, true);
  }
}
