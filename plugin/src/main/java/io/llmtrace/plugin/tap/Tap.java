package io.llmtrace.plugin.tap;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmtrace.plugin.answers.AnswerInspector;
import io.llmtrace.plugin.answers.OpenQuestions;
import io.llmtrace.plugin.answers.OpenQuestions.Question;
import io.llmtrace.plugin.exchangelog.ExchangeLog;
import io.llmtrace.plugin.gateway.MemoryBudget;
import io.llmtrace.plugin.identity.DecisionIds;
import io.llmtrace.plugin.local.TapEndpoint;
import io.llmtrace.plugin.telemetry.TelemetrySink;
import io.llmtrace.policies.detect.Receipt;
import io.llmtrace.policies.detect.engine.AnswerInspection;
import io.llmtrace.policies.detect.engine.FindingBounds;
import io.llmtrace.policies.exchange.Api;
import io.llmtrace.policies.exchange.Dialects;
import io.llmtrace.policies.exchange.Exchange;
import io.llmtrace.policies.exchange.ResponseReader;
import io.llmtrace.policies.exchange.ResponseSummary;
import io.llmtrace.policies.id.Ulid;
import io.llmtrace.policies.policy.Action;
import io.llmtrace.policies.policy.DecisionEngine;
import io.llmtrace.policies.policy.Mode;
import io.llmtrace.policies.usage.PriceTable;
import io.llmtrace.policies.wire.CompletionRecord;
import io.llmtrace.policies.wire.InspectionRecord;
import io.llmtrace.runtime.config.Secret;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Turns the gateway's log into completion records, with what was seen in the answers. Thread-safe.
 *
 * <p>An entry whose id this node issued completes that exchange. Any other passed without the
 * plugin (degradation): it is recorded as uninspected under an id made of the entry itself, so that
 * a repeated delivery gives the same record.
 */
public final class Tap implements TapEndpoint {
  private static final Logger log = LoggerFactory.getLogger(Tap.class);
  private static final int REMEMBERED = 100_000;

  /** How far clocks may be apart, or stepped, between the issue of an id and its coming back. */
  private static final long CLOCKS_APART_MILLIS = TimeUnit.HOURS.toMillis(2);

  private static final String BEARER = "Bearer ";

  /** Of an exchange that passed without the plugin, or before it was started again. */
  private static final String UNKNOWN_TENANT = "default";

  /**
   * How long the answers of one delivery are read: http-logger gives up after three seconds and
   * sends all of it again. What is left is recorded uninspected.
   */
  private static final long DELIVERY_NANOS = TimeUnit.MILLISECONDS.toNanos(1_500);

  private final Secret secret;
  private final DecisionIds ids;
  private final OpenQuestions questions;
  private final Apis apis;
  private final AnswerInspector answers;
  private final TelemetrySink telemetry;
  private final Metering metering;
  private final CompletionListener listener;
  private final AnswerListener answered;
  private final MemoryBudget memory;
  private final MeterRegistry meters;

  /** When each exchange of the last began, by its id. */
  private final Map<String, Long> seen =
      new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Long> eldest) {
          return size() > REMEMBERED;
        }
      };

  /**
   * @param memory of which is taken what is made of answers beyond their own bytes
   */
  public Tap(
      Secret secret,
      DecisionIds ids,
      OpenQuestions questions,
      Apis apis,
      AnswerInspector answers,
      TelemetrySink telemetry,
      Supplier<PriceTable> prices,
      CompletionListener listener,
      AnswerListener answered,
      MemoryBudget memory,
      MeterRegistry meters) {
    this.secret = secret;
    this.ids = ids;
    this.questions = questions;
    this.apis = apis;
    this.answers = answers;
    this.telemetry = telemetry;
    this.metering = new Metering(prices, meters);
    this.listener = listener;
    this.answered = answered;
    this.memory = memory;
    this.meters = meters;
  }

  @Override
  public boolean authorized(@Nullable String authorization) {
    if (authorization == null) {
      return false;
    }
    String given =
        authorization.startsWith(BEARER) ? authorization.substring(BEARER.length()) : authorization;
    return secret.matches(given);
  }

  @Override
  public void receive(byte[] body) throws IOException {
    JsonNode root = LogBatch.parse(body);
    long latest = System.nanoTime() + DELIVERY_NANOS;
    if (!root.isArray()) {
      entry(root, latest);
      return;
    }
    for (JsonNode entry : root) {
      entry(entry, latest);
    }
  }

  private void entry(JsonNode node, long latestNanos) throws IOException {
    LogEntry entry;
    try {
      entry = LogEntry.of(node);
    } catch (IllegalArgumentException e) {
      count("malformed");
      log.warn("a log entry is left out: {}", e.getMessage());
      return;
    }
    Optional<String> own = issued(entry).filter(id -> isItsOwn(id, entry));
    byte[] digest = digest(entry);
    String id = own.orElseGet(() -> derived(entry, digest));
    if (alreadySeen(id)) {
      count("duplicate");
      return;
    }
    if (own.isEmpty()) {
      telemetry.inspection(uninspected(entry, id, digest));
    }
    String traceId = trace(entry, digest);
    Question question = own.isPresent() ? questions.find(id).orElse(null) : null;
    boolean provided = provided(entry, question);
    CompletionRecord completion = completion(entry, id, question, provided, latestNanos);
    telemetry.completion(completion);
    listener.completed(completion, provided);
    // Only now: an entry that could not be kept is sent again, and must not look like a repeat.
    remember(id, entry);
    questions.forget(id);
    count(own.isPresent() ? "joined" : "uninspected");
    ExchangeLog.completed(completion, traceId, entry.responseBody());
  }

  private synchronized boolean alreadySeen(String id) {
    return seen.containsKey(id);
  }

  private synchronized void remember(String id, LogEntry entry) {
    seen.put(id, entry.startTime());
  }

  /**
   * Whether an id that this node issued is that of this exchange: who was answered knows one, and
   * may send it again where the plugin is passed by. Then it is of another time, or of an exchange
   * that has ended.
   */
  private synchronized boolean isItsOwn(String id, LogEntry entry) {
    Long began = seen.get(id);
    long issued = Ulid.time(id).toEpochMilli();
    long apart =
        Math.min(
            Math.abs(issued - System.currentTimeMillis()), Math.abs(issued - entry.startTime()));
    return apart <= CLOCKS_APART_MILLIS && (began == null || began == entry.startTime());
  }

  private void count(String result) {
    meters.counter("llmtrace.plugin.tap.entries", "result", result).increment();
  }

  private Optional<String> issued(LogEntry entry) {
    // The request's header first: an upstream could answer with an id of another exchange.
    String asked = entry.requestHeaders().get(DecisionIds.HEADER);
    Optional<String> own = asked == null ? Optional.empty() : ids.verify(asked);
    String answered = entry.answeredId();
    return own.isPresent() || answered == null || entry.reachedUpstream()
        ? own
        : ids.verify(answered);
  }

  /** What was seen in the answer; null where no provider gave one. */
  private @Nullable AnswerInspection answer(
      LogEntry entry, Api api, String id, @Nullable Question question, long latestNanos) {
    OpenQuestions.Handled handled = question == null ? null : question.handled();
    if (handled != null) {
      // Read on its way already, and what the log shows may not be what the provider said.
      return handled.inspection();
    }
    if (!entry.reachedUpstream()) {
      return null;
    }
    return answers.inspect(
        id, api, entry.responseBody(), question, UNKNOWN_TENANT, latestNanos, memory::open);
  }

  /**
   * Whether a provider gave the answer that the log shows. The gateway logs no time of an upstream
   * for an answer that was held on its way, and that it was held says the same; one that was
   * blocked there is not the provider's any more.
   */
  private static boolean provided(LogEntry entry, @Nullable Question question) {
    OpenQuestions.Handled handled = question == null ? null : question.handled();
    return entry.reachedUpstream() || (handled != null && handled.action() != Action.BLOCK);
  }

  private CompletionRecord completion(
      LogEntry entry, String id, @Nullable Question question, boolean provided, long latestNanos) {
    OpenQuestions.Handled handled = question == null ? null : question.handled();
    Api api = apis.of(entry, question);
    AnswerInspection answer = answer(entry, api, id, question, latestNanos);
    if (provided) {
      answered.answered(id, api, entry.responseBody(), answer);
    }
    ResponseSummary summary = ResponseReader.read(api, entry.responseBody(), entry.status());
    Metering.Metered metered =
        provided
            ? metering.of(
                entry,
                api,
                summary,
                question == null ? UNKNOWN_TENANT : question.tenant(),
                question == null ? null : question.prompt())
            : Metering.Metered.NOTHING;
    return new CompletionRecord(
        id,
        entry.startTime(),
        entry.status(),
        entry.latencyMs(),
        entry.upstreamLatencyMs(),
        summary.model(),
        metered.usage(),
        summary.finishReason(),
        provided ? upstreamError(entry, summary) : null,
        summary.truncated(),
        answer == null ? List.of() : FindingBounds.told(answer.findings()),
        answer == null ? null : answer.receipt(),
        answer == null ? null : answer.refusal(),
        metered.source(),
        metered.firstTokenMs(),
        metered.costUsd(),
        handled == null ? null : handled.action(),
        metered.price());
  }

  private static @Nullable String upstreamError(LogEntry entry, ResponseSummary summary) {
    return switch (entry.status()) {
      case 502 -> "connect";
      case 504 -> "timeout";
      default -> summary.errorReason();
    };
  }

  private InspectionRecord uninspected(LogEntry entry, String id, byte[] digest) {
    Api api = apis.of(entry, null);
    String model = ResponseReader.read(api, entry.responseBody(), entry.status()).model();
    boolean forged = entry.requestHeaders().containsKey(DecisionIds.HEADER);
    return new InspectionRecord(
        id,
        entry.startTime(),
        trace(entry, digest),
        UNKNOWN_TENANT,
        entry.route(),
        entry.consumer(),
        entry.method(),
        entry.path(),
        api.dialect(),
        Dialects.provider(api, entry.method(), entry.path(), entry.requestHeaders()),
        model == null ? Exchange.UNKNOWN_MODEL : model,
        false,
        new DecisionEngine().decide(List.of(), Mode.OBSERVE),
        List.of(),
        Receipt.uninspected(forged ? "forged_id" : "degraded", 0),
        Map.of(),
        true,
        "",
        0,
        "",
        null,
        parentSpan(entry));
  }

  /** The client's W3C trace, or one made of the entry. */
  private static String trace(LogEntry entry, byte[] digest) {
    String parent = entry.requestHeaders().getOrDefault("traceparent", "");
    String[] parts = parent.split("-", -1);
    return parts.length >= 4 && parts[1].matches("[0-9a-f]{32}")
        ? parts[1]
        : HexFormat.of().formatHex(digest, 0, 16);
  }

  /** The span that the client or the gateway named, or nothing where the trace is made here. */
  private static String parentSpan(LogEntry entry) {
    String[] parts = entry.requestHeaders().getOrDefault("traceparent", "").split("-", -1);
    return parts.length >= 4
            && parts[1].matches("[0-9a-f]{32}")
            && parts[2].matches("[0-9a-f]{16}")
            && !parts[2].equals("0".repeat(16))
        ? parts[2]
        : "";
  }

  private static String derived(LogEntry entry, byte[] digest) {
    ByteBuffer bits = ByteBuffer.wrap(digest);
    return Ulid.of(Math.max(0, entry.startTime()), bits.getShort(), bits.getLong());
  }

  private static byte[] digest(LogEntry entry) {
    String identity =
        entry.requestId().isEmpty()
            ? entry.route() + '\n' + entry.path() + '\n' + entry.latencyMs() + '\n' + entry.status()
            : entry.requestId();
    try {
      return MessageDigest.getInstance("SHA-256")
          .digest((entry.startTime() + "\n" + identity).getBytes(StandardCharsets.UTF_8));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
