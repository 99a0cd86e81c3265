package io.llmtrace.cli.chaos;

import io.llmtrace.cli.chaos.ChaosStack.Link;
import io.llmtrace.cli.chaos.Sent.Kind;
import io.llmtrace.testkit.faults.Weather;
import io.llmtrace.testkit.sinks.Received;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** Faults of those whom alerts are told. Stateless. */
final class AlertInjections {
  /** The delivery's breaker leaves a channel alone for half a minute. */
  private static final Duration PATIENCE = Duration.ofSeconds(50);

  private AlertInjections() {}

  /** Nobody is told of an attack, until the receiver is back: then once. */
  static Injection sinkDown() {
    return new Injection() {
      @Override
      public int sends() {
        return 1;
      }

      @Override
      public void begin(ChaosStack stack) throws IOException {
        stack.link(Link.ALERTS).set(new Weather.Refuse());
        Sent attack = new Client(stack.gatewayPort()).send(Kind.ALARM, 1).join();
        if (attack.status() != 400) {
          throw new IOException("expected the attack to be blocked: " + attack);
        }
      }

      @Override
      public void end(ChaosStack stack) throws IOException {
        long told = told(stack).size();
        stack.link(Link.ALERTS).set(Weather.pass());
        if (told > 0) {
          throw new IOException("the receiver was told of the attack while it was away");
        }
      }

      @Override
      public void after(ChaosStack stack) throws IOException, InterruptedException {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (told(stack).isEmpty()) {
          if (System.nanoTime() > end) {
            throw new IOException("the receiver was not told within " + PATIENCE);
          }
          Thread.sleep(200);
        }
        Map<String, Long> times =
            told(stack).stream()
                .collect(Collectors.groupingBy(Received::key, Collectors.counting()));
        if (times.values().stream().anyMatch(count -> count > 1)) {
          throw new IOException("the receiver was told more than once: " + times);
        }
      }

      private List<Received> told(ChaosStack stack) {
        return stack.alerts().received().stream()
            .filter(message -> message.body().toString().contains("\"" + Kind.ALARM.route() + "\""))
            .toList();
      }
    };
  }
}
