package io.llmtrace.plugin.tap;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import io.llmtrace.plugin.identity.DecisionIds;
import io.llmtrace.plugin.local.TapEndpoint;
import io.llmtrace.plugin.telemetry.TelemetrySink;
import io.llmtrace.policies.exchange.Dialect;
import io.llmtrace.policies.exchange.Dialects;
import io.llmtrace.policies.exchange.Exchange;
import io.llmtrace.policies.exchange.ResponseReader;
import io.llmtrace.policies.exchange.ResponseSummary;
import io.llmtrace.policies.policy.DecisionEngine;
import io.llmtrace.policies.policy.Mode;
import io.llmtrace.policies.wire.CompletionRecord;
import io.llmtrace.policies.wire.InspectionRecord;
import io.llmtrace.policies.wire.Receipt;
import io.llmtrace.policies.wire.Ulid;
import io.llmtrace.policies.wire.WireJson;
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
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Turns the gateway's log into completion records. Thread-safe.
 *
 * <p>An entry whose id this node issued completes that exchange. Any other passed without the
 * plugin (degradation): it is recorded as uninspected under an id made of the entry itself, so that
 * a repeated delivery gives the same record.
 */
public final class Tap implements TapEndpoint {
  private static final Logger log = LoggerFactory.getLogger(Tap.class);
  private static final int REMEMBERED = 100_000;
  private static final String BEARER = "Bearer ";

  private final Secret secret;
  private final DecisionIds ids;
  private final TelemetrySink telemetry;
  private final MeterRegistry meters;
  private final Map<String, Boolean> seen =
      new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Boolean> eldest) {
          return size() > REMEMBERED;
        }
      };

  public Tap(Secret secret, DecisionIds ids, TelemetrySink telemetry, MeterRegistry meters) {
    this.secret = secret;
    this.ids = ids;
    this.telemetry = telemetry;
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
    JsonNode root = parse(body);
    if (!root.isArray()) {
      entry(root);
      return;
    }
    for (JsonNode entry : root) {
      entry(entry);
    }
  }

  private static JsonNode parse(byte[] body) throws IOException {
    try {
      JsonNode root = WireJson.mapper().readTree(body);
      if (root.isContainerNode() && !root.isEmpty()) {
        return root;
      }
    } catch (JsonProcessingException e) {
      // Without its source: that is a client's traffic, and the message is shown and logged.
      throw new IllegalArgumentException("expected JSON log entries: " + e.getOriginalMessage(), e);
    }
    throw new IllegalArgumentException("expected a log entry or an array of them");
  }

  private void entry(JsonNode node) throws IOException {
    LogEntry entry;
    try {
      entry = LogEntry.of(node);
    } catch (IllegalArgumentException e) {
      count("malformed");
      log.warn("a log entry is left out: {}", e.getMessage());
      return;
    }
    Optional<String> own = issued(entry);
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
    CompletionRecord completion = completion(entry, id);
    telemetry.completion(completion);
    // Only now: an entry that could not be kept is sent again, and must not look like a repeat.
    remember(id);
    count(own.isPresent() ? "joined" : "uninspected");
    log.atInfo()
        .addKeyValue("trace_id", traceId)
        .addKeyValue("status", entry.status())
        .addKeyValue("latency_ms", Math.round(entry.latencyMs()))
        .addKeyValue("decision_id", id)
        .log("request completed");
  }

  private synchronized boolean alreadySeen(String id) {
    return seen.containsKey(id);
  }

  private synchronized void remember(String id) {
    seen.put(id, Boolean.TRUE);
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

  private static CompletionRecord completion(LogEntry entry, String id) {
    ResponseSummary summary = ResponseReader.read(null, entry.responseBody(), entry.status());
    return new CompletionRecord(
        id,
        entry.startTime(),
        entry.status(),
        entry.latencyMs(),
        entry.upstreamLatencyMs(),
        summary.model(),
        summary.usage(),
        summary.finishReason(),
        upstreamError(entry, summary),
        summary.truncated());
  }

  private static @Nullable String upstreamError(LogEntry entry, ResponseSummary summary) {
    if (!entry.reachedUpstream()) {
      return null;
    }
    return switch (entry.status()) {
      case 502 -> "connect";
      case 504 -> "timeout";
      default -> summary.errorReason();
    };
  }

  private static InspectionRecord uninspected(LogEntry entry, String id, byte[] digest) {
    Dialect dialect = Dialects.detect(entry.method(), entry.path(), entry.requestHeaders());
    String model = ResponseReader.read(null, entry.responseBody(), entry.status()).model();
    boolean forged = entry.requestHeaders().containsKey(DecisionIds.HEADER);
    return new InspectionRecord(
        id,
        entry.startTime(),
        trace(entry, digest),
        "default",
        entry.route(),
        entry.consumer(),
        entry.method(),
        entry.path(),
        dialect,
        Dialects.provider(dialect, entry.method(), entry.path(), entry.requestHeaders()),
        model == null ? Exchange.UNKNOWN_MODEL : model,
        false,
        new DecisionEngine().decide(List.of(), Mode.OBSERVE),
        List.of(),
        Receipt.uninspected(forged ? "forged_id" : "degraded", 0),
        Map.of(),
        true);
  }

  /** The client's W3C trace, or one made of the entry. */
  private static String trace(LogEntry entry, byte[] digest) {
    String parent = entry.requestHeaders().getOrDefault("traceparent", "");
    String[] parts = parent.split("-", -1);
    return parts.length >= 4 && parts[1].matches("[0-9a-f]{32}")
        ? parts[1]
        : HexFormat.of().formatHex(digest, 0, 16);
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
