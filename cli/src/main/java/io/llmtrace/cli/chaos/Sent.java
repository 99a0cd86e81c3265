package io.llmtrace.cli.chaos;

import org.jspecify.annotations.Nullable;

/**
 * What became of one request, as its client saw it.
 *
 * @param trace its W3C trace id, under which its record is found
 * @param kind what was sent
 * @param at nano time at which it was due
 * @param millis until the last byte, or until it failed
 * @param status HTTP status; 0 where there was none
 * @param error what went wrong, or null
 * @param detail of what went wrong, for a message
 */
record Sent(
    String trace,
    Kind kind,
    long at,
    double millis,
    int status,
    @Nullable ClientError error,
    String detail) {

  /** What is sent. */
  enum Kind {
    JSON(false, false, "acme"),
    STREAM(false, true, "globex"),
    ATTACK(true, false, "globex"),
    ATTACK_STREAM(true, true, "acme"),
    /** To a route that lets nothing pass without the plugin. */
    CLOSED(false, false, "closed"),
    /** On a route on which nobody else sends anything: an incident of its own. */
    ALARM(true, false, "alarm"),
    PROBE(false, false, "probe"),
    ATTACK_PROBE(true, false, "probe");

    private final boolean attack;
    private final boolean stream;
    private final String route;

    Kind(boolean attack, boolean stream, String route) {
      this.attack = attack;
      this.stream = stream;
      this.route = route;
    }

    boolean attack() {
      return attack;
    }

    boolean stream() {
      return stream;
    }

    /** First part of the path. */
    String route() {
      return route;
    }
  }

  /** An attack that reached the provider. */
  boolean passed() {
    return kind.attack() && status == 200;
  }
}
