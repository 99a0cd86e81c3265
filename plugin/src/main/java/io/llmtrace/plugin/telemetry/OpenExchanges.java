package io.llmtrace.plugin.telemetry;

import java.time.Clock;
import java.time.Duration;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Exchanges that were inspected and have not completed: a gauge, and the trace id for the log line
 * at completion. Nothing waits for it and nothing is decided by it. An exchange whose log never
 * comes is forgotten after 15 minutes, and the oldest where there are too many. Thread-safe.
 */
public final class OpenExchanges {
  private static final Duration EXPIRY = Duration.ofMinutes(15);

  private final Clock clock;
  private final int max;
  private final Map<String, Open> open = new LinkedHashMap<>();

  private record Open(long at, String traceId) {}

  OpenExchanges(Clock clock, int max) {
    this.clock = clock;
    this.max = max;
  }

  synchronized void opened(String decisionId, String traceId) {
    expire();
    open.put(decisionId, new Open(clock.millis(), traceId));
    if (open.size() > max) {
      Iterator<String> oldest = open.keySet().iterator();
      oldest.next();
      oldest.remove();
    }
  }

  synchronized void completed(String decisionId) {
    open.remove(decisionId);
  }

  /** How many there are. */
  public synchronized int count() {
    expire();
    return open.size();
  }

  private void expire() {
    long since = clock.millis() - EXPIRY.toMillis();
    Iterator<Open> oldest = open.values().iterator();
    while (oldest.hasNext() && oldest.next().at() < since) {
      oldest.remove();
    }
  }
}
