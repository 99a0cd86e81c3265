package io.llmtrace.controlplane.otlp;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.protobuf.ByteString;
import io.llmtrace.controlplane.semconv.ProviderNames;
import io.llmtrace.policies.detect.Receipt;
import io.llmtrace.policies.exchange.Dialect;
import io.llmtrace.policies.exchange.Usage;
import io.llmtrace.policies.id.Ulid;
import io.llmtrace.policies.policy.DecisionEngine;
import io.llmtrace.policies.policy.Mode;
import io.llmtrace.policies.usage.PriceTable;
import io.llmtrace.policies.usage.Priced;
import io.llmtrace.policies.usage.UsageSource;
import io.llmtrace.policies.wire.CompletionRecord;
import io.llmtrace.policies.wire.InspectionRecord;
import io.opentelemetry.proto.trace.v1.Span;
import io.opentelemetry.proto.trace.v1.Status;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Spans of calls to models as exchanges. Thread-safe. */
final class SpanExchanges {
  private static final Duration AHEAD = Duration.ofHours(24);

  /** Older ones are most likely times in another unit, and days that are dropped already. */
  private static final Duration OLDEST = Duration.ofDays(7);

  private static final long NANOS_OF_A_MILLI = 1_000_000;
  private static final int ERROR = 500;

  private final Supplier<PriceTable> prices;
  private final Clock clock;

  SpanExchanges(Supplier<PriceTable> prices, Clock clock) {
    this.prices = prices;
    this.clock = clock;
  }

  /** Both records of an exchange. */
  record Made(InspectionRecord asked, CompletionRecord answered) {}

  /** Whether a span is a call to a model; agents, tools and all else are not. */
  static boolean isCall(SpanValues values) {
    return switch (values.text("gen_ai.operation.name")) {
      case "chat", "text_completion", "generate_content", "embeddings" -> true;
      // Older conventions did not ask for it.
      case "" ->
          !values.text("gen_ai.request.model").isEmpty()
              && !values.text("gen_ai.system", "gen_ai.provider.name").isEmpty();
      default -> false;
    };
  }

  /**
   * The exchange of a span that is a call. The same span of the same tenant is the same exchange,
   * however often it comes.
   *
   * @param service {@code service.name} of its resource
   * @throws RefusedSpanException for one without ids or times that can be
   */
  Made of(Span span, SpanValues values, String tenant, String service) throws RefusedSpanException {
    check(span);
    long startMillis = span.getStartTimeUnixNano() / NANOS_OF_A_MILLI;
    String id = id(span, tenant, startMillis);
    String provider = ProviderNames.label(values.text("gen_ai.provider.name", "gen_ai.system"));
    String model = values.text("gen_ai.request.model", "gen_ai.response.model");
    HexFormat hex = HexFormat.of();
    String conversation = values.text("gen_ai.conversation.id");
    InspectionRecord asked =
        new InspectionRecord(
            id,
            startMillis,
            hex.formatHex(span.getTraceId().toByteArray()),
            tenant,
            Receipt.OTLP + "/" + service,
            "",
            "",
            "",
            dialect(provider, values.text("gen_ai.operation.name")),
            provider,
            model,
            values.yes("gen_ai.request.stream"),
            new DecisionEngine().decide(List.of(), Mode.OBSERVE),
            List.of(),
            Receipt.uninspected(Receipt.OTLP, 0),
            Map.of(),
            true,
            values.text("gen_ai.agent.name"),
            0,
            conversation.isEmpty() ? "" : hex.formatHex(digest(tenant, conversation), 0, 16),
            null,
            isZero(span.getParentSpanId())
                ? ""
                : hex.formatHex(span.getParentSpanId().toByteArray()));
    return new Made(asked, answered(asked, span, values));
  }

  private CompletionRecord answered(InspectionRecord asked, Span span, SpanValues values)
      throws RefusedSpanException {
    double millis =
        (span.getEndTimeUnixNano() - span.getStartTimeUnixNano()) / (double) NANOS_OF_A_MILLI;
    String answering = values.text("gen_ai.response.model");
    Usage usage = usage(values);
    String model = answering.isEmpty() ? asked.model() : answering;
    Optional<Priced> priced =
        usage == null
            ? Optional.empty()
            : prices
                .get()
                .cost(
                    asked.tenant(),
                    asked.provider(),
                    model,
                    Instant.ofEpochMilli(asked.at()).atZone(ZoneOffset.UTC).toLocalDate(),
                    usage);
    boolean failed = span.getStatus().getCode() == Status.StatusCode.STATUS_CODE_ERROR;
    String error = values.text("error.type");
    int status = status(values, failed || !error.isEmpty(), error);
    return new CompletionRecord(
        asked.decisionId(),
        asked.at(),
        status,
        millis,
        millis,
        answering.isEmpty() ? null : answering,
        usage,
        values.first("gen_ai.response.finish_reasons"),
        status < 400 ? null : reason(status, error),
        false,
        List.of(),
        null,
        null,
        usage == null ? null : UsageSource.REPORTED,
        null,
        priced.map(Priced::usd).orElse(null),
        null,
        priced.map(Priced::by).orElse(null));
  }

  private static @Nullable Usage usage(SpanValues values) throws RefusedSpanException {
    Optional<Long> prompt =
        values.number("gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens");
    Optional<Long> completion =
        values.number("gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens");
    if (prompt.isEmpty() && completion.isEmpty()) {
      return null;
    }
    return new Usage(
        prompt.orElse(0L),
        completion.orElse(0L),
        values.number("gen_ai.usage.cache_read.input_tokens").orElse(0L),
        values.number("gen_ai.usage.cache_creation.input_tokens").orElse(0L),
        values.number("gen_ai.usage.reasoning.output_tokens").orElse(0L));
  }

  /** As HTTP has it: what the span says, else what its error is, else that there was one. */
  private static int status(SpanValues values, boolean failed, String error)
      throws RefusedSpanException {
    Optional<Long> said = values.number("http.response.status_code");
    if (said.isPresent() && said.get() >= 100 && said.get() <= 599) {
      return said.get().intValue();
    }
    if (!failed) {
      return 200;
    }
    return error.matches("[45][0-9]{2}") ? Integer.parseInt(error) : ERROR;
  }

  /** Reasons as those of the gateway where they say the same; few, as metrics need them. */
  private static String reason(int status, String error) {
    if (status == 429) {
      return "rate_limited";
    }
    if (error.toLowerCase(java.util.Locale.ROOT).contains("timeout")) {
      return "timeout";
    }
    return status >= 500 ? "http_5xx" : "http_4xx";
  }

  private void check(Span span) throws RefusedSpanException {
    if (span.getTraceId().size() != 16 || isZero(span.getTraceId())) {
      throw new RefusedSpanException("trace_id: expected 16 bytes that are not all zero");
    }
    if (span.getSpanId().size() != 8 || isZero(span.getSpanId())) {
      throw new RefusedSpanException("span_id: expected 8 bytes that are not all zero");
    }
    if (!isZero(span.getParentSpanId()) && span.getParentSpanId().size() != 8) {
      throw new RefusedSpanException("parent_span_id: expected 8 bytes or none");
    }
    long start = span.getStartTimeUnixNano();
    if (start <= 0 || span.getEndTimeUnixNano() < start) {
      throw new RefusedSpanException(
          "start_time_unix_nano: expected a time that is not after the end of the span");
    }
    if (Instant.ofEpochMilli(start / NANOS_OF_A_MILLI).isAfter(clock.instant().plus(AHEAD))) {
      throw new RefusedSpanException("start_time_unix_nano: expected no time after tomorrow");
    }
    if (Instant.ofEpochMilli(start / NANOS_OF_A_MILLI).isBefore(clock.instant().minus(OLDEST))) {
      throw new RefusedSpanException(
          "start_time_unix_nano: expected nanoseconds, and no time before the last seven days");
    }
  }

  private static boolean isZero(ByteString id) {
    for (int i = 0; i < id.size(); i++) {
      if (id.byteAt(i) != 0) {
        return false;
      }
    }
    return true;
  }

  private static String id(Span span, String tenant, long startMillis) {
    HexFormat hex = HexFormat.of();
    ByteBuffer bits =
        ByteBuffer.wrap(
            digest(
                tenant,
                hex.formatHex(span.getTraceId().toByteArray())
                    + hex.formatHex(span.getSpanId().toByteArray())));
    return Ulid.of(startMillis, bits.getShort(), bits.getLong());
  }

  private static byte[] digest(String tenant, String text) {
    try {
      return MessageDigest.getInstance("SHA-256").digest((tenant + "\n" + text).getBytes(UTF_8));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  private static Dialect dialect(String provider, String operation) {
    if (operation.equals("embeddings")) {
      return Dialect.OPENAI_EMBEDDINGS;
    }
    return switch (provider) {
      case "anthropic" -> Dialect.ANTHROPIC_MESSAGES;
      case "gemini", "vertex_ai" -> Dialect.GEMINI;
      case "bedrock" -> Dialect.BEDROCK_CONVERSE;
      case "cohere" -> Dialect.COHERE_CHAT;
      case "ollama" ->
          operation.equals("text_completion") ? Dialect.OLLAMA_GENERATE : Dialect.OLLAMA_CHAT;
      default ->
          operation.equals("text_completion") ? Dialect.OPENAI_COMPLETIONS : Dialect.OPENAI_CHAT;
    };
  }
}
