package io.llmtrace.plugin.callout;

import io.llmtrace.plugin.conf.RouteConf;
import io.llmtrace.plugin.conf.RunnerConfs;
import io.llmtrace.plugin.gateway.Answer;
import io.llmtrace.plugin.gateway.GatewayRequest;
import io.llmtrace.plugin.gateway.GatewayRequest.BodyState;
import io.llmtrace.plugin.gateway.MemoryBudget;
import io.llmtrace.plugin.inspection.InspectionService;
import io.llmtrace.plugin.local.CalloutEndpoint;
import io.llmtrace.policies.exchange.Api;
import io.llmtrace.policies.exchange.BodyBytes;
import io.llmtrace.policies.wire.InspectionRecord;
import io.llmtrace.policies.wire.NodeSnapshot;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@code POST /inspect} for gateways that call out. Bodies are held within the same budget as those
 * that come by the socket, and what is decided is decided and recorded by the same service: a body
 * that is too long, or for which there is no memory, is a request that was not inspected, and not
 * an error. Thread-safe.
 */
public final class Callouts implements CalloutEndpoint {
  private static final Logger LOG = LoggerFactory.getLogger(Callouts.class);
  private static final int FIRST_BYTES = 16 << 10;
  private static final long POLL_MILLIS = 5;

  private final InspectionService service;
  private final MemoryBudget memory;
  private final long maxRequestBody;
  private final RunnerConfs confs;
  private final MeterRegistry meters;
  private final AtomicInteger inFlight = new AtomicInteger();
  private volatile boolean draining;

  /**
   * @param maxRequestBody longest body that is inspected, bytes
   */
  public Callouts(
      InspectionService service,
      MemoryBudget memory,
      long maxRequestBody,
      RunnerConfs confs,
      MeterRegistry meters) {
    this.service = service;
    this.memory = memory;
    this.maxRequestBody = maxRequestBody;
    this.confs = confs;
    this.meters = meters;
    Gauge.builder("llmtrace_plugin_callouts_in_flight", inFlight, AtomicInteger::get)
        .description("Call-outs whose decision is not made yet")
        .register(meters);
  }

  @Override
  public boolean isCallout(List<Map.Entry<String, String>> headers) {
    return CalloutHead.isCallout(headers);
  }

  @Override
  public Upload open(List<Map.Entry<String, String>> headers, long announced) {
    try {
      CalloutHead head = CalloutHead.read(headers);
      return new Request(head, confs.find(head.route(), head.conf()), announced);
    } catch (IllegalArgumentException e) {
      return new Refused(String.valueOf(e.getMessage()));
    }
  }

  /** Settings that came with call-outs, the newest of each route. */
  public List<NodeSnapshot.RouteSettings> routes() {
    return confs.settings();
  }

  /** The API that the settings of a route ask for, or null where they ask for none. */
  public @Nullable Api dialect(String route) {
    return confs.dialect(route);
  }

  /** What is wrong with settings that came with call-outs. */
  public List<String> problems() {
    return confs.problems();
  }

  /**
   * Answers what is in flight, and 503 to what comes from now on.
   *
   * @param longest what is not answered then is left
   */
  public void drain(Duration longest) {
    draining = true;
    long end = System.nanoTime() + longest.toNanos();
    try {
      while (inFlight.get() > 0 && System.nanoTime() < end) {
        TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    if (inFlight.get() > 0) {
      LOG.warn("{} call-outs left behind at the end", inFlight.get());
    }
  }

  private void count(String answer) {
    Counter.builder("llmtrace_plugin_callouts")
        .description("Call-outs, by what was answered")
        .tag("answer", answer)
        .register(meters)
        .increment();
  }

  private Reply refused(int status, String title, String detail, Map<String, String> headers) {
    count(status == 400 ? "bad_request" : "draining");
    return CalloutReply.problem(status, title, detail, headers);
  }

  /** Counts, and makes an answer whose new body is within the same budget until it is sent. */
  private Reply reply(Answer decision, @Nullable InspectionRecord record) {
    long needed = CalloutReply.memory(decision);
    MemoryBudget.Lease taken = needed == 0 ? MemoryBudget.Lease.NONE : memory.take(needed);
    if (taken == null) {
      count("no_memory");
      return CalloutReply.noMemory(record);
    }
    count(CalloutReply.action(decision, record));
    Reply made;
    try {
      made = CalloutReply.of(decision, record);
    } catch (RuntimeException e) {
      taken.close();
      throw e;
    }
    if (needed > 0) {
      taken.shrink(made.body().length);
    }
    return new Reply(made.status(), made.contentType(), made.headers(), made.body(), taken::close);
  }

  /** A question that is none; its body is let go. */
  private final class Refused implements Upload {
    private final String problem;

    Refused(String problem) {
      this.problem = problem;
    }

    @Override
    public void add(byte[] chunk) {
      // Nobody will look at it.
    }

    @Override
    public void end(Consumer<Reply> answer) {
      answer.accept(refused(400, "Bad Request", problem, Map.of()));
    }

    @Override
    public void abandon() {
      // Nothing is held.
    }
  }

  /** For one connection, whose event loop alone touches it until it ends. */
  private final class Request implements Upload {
    private final CalloutHead head;
    private final RouteConf conf;
    private BodyState state = BodyState.READ;
    private MemoryBudget.Lease lease = MemoryBudget.Lease.NONE;
    private byte[] body = new byte[0];
    private int length;
    private long seen;

    Request(CalloutHead head, RouteConf conf, long announced) {
      this.head = head;
      this.conf = conf;
      if (announced > maxRequestBody) {
        letGo(BodyState.TOO_LARGE);
        return;
      }
      MemoryBudget.Lease taken = memory.take(Math.max(0, announced));
      if (taken == null) {
        letGo(BodyState.NO_MEMORY);
        return;
      }
      lease = taken;
      body = new byte[(int) Math.max(0, announced)];
    }

    private void letGo(BodyState why) {
      state = why;
      lease.close();
      body = new byte[0];
      length = 0;
    }

    @Override
    public void add(byte[] chunk) {
      seen += chunk.length;
      if (state != BodyState.READ) {
        return;
      }
      if (seen > maxRequestBody) {
        letGo(BodyState.TOO_LARGE);
        return;
      }
      int needed = length + chunk.length;
      if (needed > body.length) {
        // Nobody has said how long it is. What is leased is the array and not what fills it.
        int size = (int) Math.min(maxRequestBody, Math.max(FIRST_BYTES, 2L * needed));
        if (!lease.grow(size - (long) body.length)) {
          letGo(BodyState.NO_MEMORY);
          return;
        }
        body = Arrays.copyOf(body, size);
      }
      System.arraycopy(chunk, 0, body, length, chunk.length);
      length = needed;
    }

    @Override
    public void end(Consumer<Reply> answer) {
      inFlight.incrementAndGet();
      // After the count: whoever drains either sees it or is seen.
      if (draining) {
        lease.close();
        inFlight.decrementAndGet();
        answer.accept(
            refused(
                503,
                "Service Unavailable",
                "this process is leaving; ask again",
                Map.of("retry-after", "1")));
        return;
      }
      BodyBytes bytes =
          state == BodyState.READ && length > 0 ? new BodyBytes(body, 0, length) : BodyBytes.NONE;
      service.inspect(
          new GatewayRequest(
              conf,
              head.method(),
              head.path(),
              head.headers(),
              bytes,
              state,
              seen,
              head.route(),
              head.consumer(),
              "",
              head.clientIp(),
              System.nanoTime()),
          lease,
          (decision, record) -> {
            // The count last: a process that leaves closes connections when it says nought.
            try {
              answer.accept(reply(decision, record));
            } finally {
              inFlight.decrementAndGet();
            }
          });
    }

    @Override
    public void abandon() {
      lease.close();
    }
  }
}
