package io.llmtrace.cli.demo;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmtrace.testkit.sinks.Ledger;
import io.llmtrace.testkit.sinks.Received;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.function.Consumer;

/**
 * Says what happens and which sink was told what, with the seconds since it was made. For one
 * thread.
 */
final class AlertTimeline {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final long PAUSE_MILLIS = 200;

  private final Consumer<String> out;
  private final Map<String, Ledger> ledgers;
  private final long start = System.nanoTime();
  private final Set<String> shown = new HashSet<>();

  /** Something did not come to be in time, so that what follows has no sense. */
  static final class UnmetException extends Exception {
    private static final long serialVersionUID = 1L;

    UnmetException(String message) {
      super(message);
    }
  }

  /**
   * A timeline that begins now.
   *
   * @param ledgers what each channel took, by its name, Slack first
   */
  AlertTimeline(Consumer<String> out, Map<String, Ledger> ledgers) {
    this.out = out;
    this.ledgers = ledgers;
  }

  void say(String what) {
    out.accept(String.format(Locale.ROOT, "%6.1f s  %s", (System.nanoTime() - start) / 1e9, what));
  }

  /** A line that belongs to the one before. */
  void more(String what) {
    out.accept("          " + what);
  }

  /**
   * Waits for something, and says meanwhile what the sinks are told.
   *
   * @throws UnmetException when it does not come to be within a minute
   */
  void await(String what, Callable<Boolean> holds) throws Exception {
    long end = System.nanoTime() + PATIENCE.toNanos();
    boolean held = holds.call();
    while (!held && System.nanoTime() - end < 0) {
      Thread.sleep(PAUSE_MILLIS);
      List<JsonNode> unused = told();
      held = holds.call();
    }
    List<JsonNode> unused = told();
    if (!held) {
      throw new UnmetException("waited " + PATIENCE.toSeconds() + " s in vain: " + what);
    }
  }

  /**
   * Says what the sinks have been told since the last time, a line a notice, when all have it; what
   * never gets to one of them is in the report.
   *
   * @return the same as Slack was told it
   */
  List<JsonNode> told() {
    Map<String, List<String>> channels = new LinkedHashMap<>();
    Map<String, JsonNode> first = new LinkedHashMap<>();
    List<JsonNode> messages = new ArrayList<>();
    ledgers.forEach(
        (channel, ledger) -> {
          for (Received message : ledger.received()) {
            channels.computeIfAbsent(message.key(), key -> new ArrayList<>()).add(channel);
            first.putIfAbsent(message.key(), message.body());
          }
        });
    first.forEach(
        (notice, message) -> {
          List<String> to = channels.getOrDefault(notice, List.of());
          if (to.size() >= ledgers.size() && shown.add(notice)) {
            // The first ledger is Slack's.
            String headline = SlackText.lines(message).stream().findFirst().orElse("");
            say("→ " + String.join(", ", to) + ": " + headline);
            messages.add(message);
          }
        });
    return messages;
  }
}
