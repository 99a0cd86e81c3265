package io.llmtrace.controlplane.otlp;

import io.opentelemetry.proto.common.v1.AnyValue;
import io.opentelemetry.proto.common.v1.KeyValue;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The few attributes that are read of a span or a resource; all others are not even looked at. */
final class SpanValues {
  private static final int LONGEST = 256;

  private static final Set<String> READ =
      Set.of(
          "service.name",
          "llmtrace.tenant",
          "gen_ai.operation.name",
          "gen_ai.provider.name",
          "gen_ai.system",
          "gen_ai.request.model",
          "gen_ai.response.model",
          "gen_ai.response.finish_reasons",
          "gen_ai.usage.input_tokens",
          "gen_ai.usage.prompt_tokens",
          "gen_ai.usage.output_tokens",
          "gen_ai.usage.completion_tokens",
          "gen_ai.usage.cache_read.input_tokens",
          "gen_ai.usage.cache_creation.input_tokens",
          "gen_ai.usage.reasoning.output_tokens",
          "gen_ai.conversation.id",
          "gen_ai.agent.name",
          "gen_ai.request.stream",
          "error.type",
          "http.response.status_code",
          "server.address");

  private final Map<String, AnyValue> values = new HashMap<>();

  SpanValues(List<KeyValue> attributes) {
    for (KeyValue each : attributes) {
      if (READ.contains(each.getKey())) {
        values.putIfAbsent(each.getKey(), each.getValue());
      }
    }
  }

  /** The first that is there of some names, cut to what a name may have; else empty. */
  String text(String... names) {
    for (String name : names) {
      AnyValue value = values.get(name);
      if (value != null && value.hasStringValue() && !value.getStringValue().isBlank()) {
        return bounded(value.getStringValue());
      }
    }
    return "";
  }

  /** The first value of a list of texts, or a text. */
  @Nullable String first(String name) {
    AnyValue value = values.get(name);
    if (value != null
        && value.hasArrayValue()
        && value.getArrayValue().getValuesCount() > 0
        && value.getArrayValue().getValues(0).hasStringValue()) {
      return bounded(value.getArrayValue().getValues(0).getStringValue());
    }
    String text = text(name);
    return text.isEmpty() ? null : text;
  }

  /**
   * The first number that is there of some names.
   *
   * @throws RefusedSpanException for what is no number from 0
   */
  Optional<Long> number(String... names) throws RefusedSpanException {
    for (String name : names) {
      AnyValue value = values.get(name);
      if (value == null) {
        continue;
      }
      long number =
          value.hasIntValue()
              ? value.getIntValue()
              : value.hasDoubleValue() ? (long) value.getDoubleValue() : -1;
      if (number < 0 || number > Integer.MAX_VALUE) {
        throw new RefusedSpanException(name + ": expected a number from 0 to " + Integer.MAX_VALUE);
      }
      return Optional.of(number);
    }
    return Optional.empty();
  }

  boolean yes(String name) {
    AnyValue value = values.get(name);
    return value != null && value.getBoolValue();
  }

  private static String bounded(String text) {
    String plain = text.strip().replaceAll("\\p{Cntrl}", " ");
    return plain.length() > LONGEST ? plain.substring(0, LONGEST) : plain;
  }
}
