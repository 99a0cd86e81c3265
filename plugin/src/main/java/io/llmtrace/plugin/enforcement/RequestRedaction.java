package io.llmtrace.plugin.enforcement;

import io.llmtrace.plugin.conf.RedactConf;
import io.llmtrace.plugin.conf.RouteConf;
import io.llmtrace.plugin.gateway.GatewayRequest;
import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.exchange.BodyText;
import io.llmtrace.policies.exchange.Exchange;
import io.llmtrace.policies.exchange.RequestContent;
import io.llmtrace.policies.exchange.UnreadableBodyException;
import io.llmtrace.policies.json.BodyMemory;
import io.llmtrace.policies.redact.Numbering;
import io.llmtrace.policies.redact.PlaceholderMemory;
import io.llmtrace.policies.redact.Redaction;
import io.llmtrace.policies.redact.Redactor;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.security.SecureRandom;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Redacts bodies of requests for the routes that want it; it remembers the numbers of placeholders
 * by conversation. Thread-safe. A call takes about as long as reading the body does, so it is made
 * on a worker.
 */
public final class RequestRedaction {
  /** A6 carries 2^24 - 1 bytes; 64 KiB are left for the headers of the answer. */
  static final int MOST_BYTES = (1 << 24) - 1 - (64 << 10);

  private static final int KEY_BYTES = 32;

  /** What an inspection leaves for the redaction of a body: see {@link #reserve}. */
  private static final long RESERVE_NANOS = TimeUnit.MILLISECONDS.toNanos(2);

  private static final long RESERVE_NANOS_A_BYTE = 60;

  private final @Nullable PlaceholderMemory memory;

  private RequestRedaction(@Nullable PlaceholderMemory memory) {
    this.memory = memory;
  }

  /** For a host that can send a new body. */
  public static RequestRedaction create(MeterRegistry meters) {
    byte[] key = new byte[KEY_BYTES];
    new SecureRandom().nextBytes(key);
    PlaceholderMemory memory = new PlaceholderMemory(key);
    Gauge.builder("llmtrace_plugin_placeholder_conversations", memory, PlaceholderMemory::count)
        .description("Conversations whose placeholders are remembered")
        .register(meters);
    return new RequestRedaction(memory);
  }

  /** For a host that cannot: what should be redacted is refused, and so blocked. */
  public static RequestRedaction unable() {
    return new RequestRedaction(null);
  }

  /**
   * Time that an inspection leaves over, so that what it found can still be redacted when it used
   * up the rest: at most a quarter of the route's budget, nanoseconds.
   *
   * @param policyRedacts whether a policy may have something replaced
   * @param bodyBytes length of the body
   */
  public static long reserve(RouteConf conf, boolean policyRedacts, long bodyBytes) {
    if (conf.redact().rule().isNone() && !policyRedacts) {
      return 0;
    }
    long quarter = TimeUnit.MILLISECONDS.toNanos(conf.budgetMs()) / 4;
    return Math.min(quarter, RESERVE_NANOS + RESERVE_NANOS_A_BYTE * bodyBytes);
  }

  /**
   * Redacts a request.
   *
   * @param tenant whose it is, which the route need not say
   * @param findings those that are replaced
   * @param bodies of which is taken what a packed body unpacks to
   */
  public Redaction redact(
      GatewayRequest request,
      String tenant,
      RequestContent content,
      Exchange exchange,
      List<Finding> findings,
      InspectionBudget budget,
      BodyMemory bodies) {
    if (memory == null) {
      return new Redaction.Refused(Redaction.Reason.NOT_DONE);
    }
    RedactConf conf = request.conf().redact();
    byte[] body;
    try {
      body = BodyText.decode(content.headers(), content.body(), bodies).alone();
    } catch (UnreadableBodyException e) {
      // It was read a moment ago; if it cannot be now, also for want of memory, it must not pass.
      return new Redaction.Refused(Redaction.Reason.ENCODING);
    }
    Numbering numbering =
        memory.conversation(
            tenant,
            request.consumer(),
            request.headers().getOrDefault(conf.conversationHeader(), ""),
            exchange);
    return Redactor.redact(body, exchange.segments(), findings, numbering, MOST_BYTES, budget);
  }
}
