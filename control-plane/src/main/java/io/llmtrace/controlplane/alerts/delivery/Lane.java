package io.llmtrace.controlplane.alerts.delivery;

import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import io.llmtrace.controlplane.alerts.channels.Channel;
import io.llmtrace.controlplane.alerts.channels.Context;
import io.llmtrace.controlplane.alerts.channels.Outgoing;
import io.llmtrace.controlplane.alerts.channels.Verdict;
import io.llmtrace.controlplane.alerts.notice.Notice;
import io.llmtrace.runtime.config.ChannelConfig;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;

/** A channel as this replica's workers use it. Thread-safe. */
final class Lane {
  /** What renders and judges: a {@link Channel}, or what a test has in its place. */
  interface Form {
    Outgoing render(Notice notice, Context context);

    Verdict judge(int status, Map<String, List<String>> headers, byte[] bodyStart);

    Optional<String> reference(byte[] bodyStart);
  }

  /** What happens to more than the messages of a minute. */
  enum Excess {
    /** It is told together, in one message. */
    FOLDED,
    /**
     * It waits. Services that keep incidents of their own open and close them by single messages: a
     * digest would leave them open for ever, or never open them.
     */
    PACED;

    static Excess of(ChannelConfig config) {
      return config instanceof ChannelConfig.PagerDuty
              || config instanceof ChannelConfig.Alertmanager
          ? PACED
          : FOLDED;
    }
  }

  private static final int CALLS = 10;

  private final Form form;
  private final ChannelConfig config;
  private final CircuitBreaker breaker;
  private final AtomicInteger inFlight = new AtomicInteger();

  Lane(Form form, ChannelConfig config, Duration open) {
    this.form = form;
    this.config = config;
    this.breaker =
        CircuitBreaker.of(
            "alerts " + config.common().name(),
            CircuitBreakerConfig.custom()
                .slidingWindowSize(CALLS)
                .minimumNumberOfCalls(CALLS / 2)
                .failureRateThreshold(50)
                .waitDurationInOpenState(open)
                .permittedNumberOfCallsInHalfOpenState(1)
                .build());
  }

  static Form form(Channel channel) {
    return new Form() {
      @Override
      public Outgoing render(Notice notice, Context context) {
        return channel.render(notice, context);
      }

      @Override
      public Verdict judge(int status, Map<String, List<String>> headers, byte[] bodyStart) {
        return channel.judge(status, headers, bodyStart);
      }

      @Override
      public Optional<String> reference(byte[] bodyStart) {
        return channel.reference(bodyStart);
      }
    };
  }

  String name() {
    return config.common().name();
  }

  Form form() {
    return form;
  }

  ChannelConfig config() {
    return config;
  }

  /** Attempts in any minute, of all replicas together. */
  int perMinute() {
    return config.common().messagesPerMinute();
  }

  Excess excess() {
    return Excess.of(config);
  }

  CircuitBreaker breaker() {
    return breaker;
  }

  AtomicInteger inFlight() {
    return inFlight;
  }
}
