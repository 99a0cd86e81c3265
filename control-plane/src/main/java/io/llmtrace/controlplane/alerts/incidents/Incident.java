package io.llmtrace.controlplane.alerts.incidents;

import io.llmtrace.controlplane.alerts.notice.Notice;
import io.llmtrace.controlplane.alerts.rules.Observation;
import io.llmtrace.policies.detect.Severity;
import java.time.Instant;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Something that goes on, or went on. Immutable.
 *
 * @param id ULID
 * @param rule name of its rule
 * @param labels what it is about, sorted by name; with the rule what it is known by
 * @param state where it is
 * @param severity the worst so far
 * @param seen what its rule saw
 * @param times when what happened
 * @param handling what people and other incidents did about it
 * @param telling what was told of it
 * @param revision counts changes that its reader can see, from 1
 */
public record Incident(
    String id,
    String rule,
    Map<String, String> labels,
    IncidentState state,
    Severity severity,
    Seen seen,
    Times times,
    Handling handling,
    Telling telling,
    long revision) {

  public Incident {
    labels = Collections.unmodifiableSortedMap(new TreeMap<>(labels));
  }

  /**
   * What its rule saw.
   *
   * @param value last measured, in {@code unit}
   * @param threshold what it is measured against, the highest so far
   * @param peak the highest value
   * @param unit of the value
   * @param counts totals of the rule's window, of the look that had the highest value
   * @param samples masked examples
   * @param summary one to three sentences
   */
  public record Seen(
      double value,
      double threshold,
      double peak,
      String unit,
      Map<String, Long> counts,
      List<Notice.Sample> samples,
      String summary) {

    public Seen {
      counts = Collections.unmodifiableSortedMap(new TreeMap<>(counts));
      samples = List.copyOf(samples);
    }

    static Seen of(Observation first) {
      return new Seen(
          first.value(),
          first.threshold(),
          first.value(),
          first.unit(),
          first.counts(),
          first.samples(),
          first.summary());
    }

    /** With one more look; while the rule does not hold, what was worst stays to be told. */
    Seen and(Observation next) {
      boolean worse = next.active() && next.value() >= peak;
      return new Seen(
          next.value(),
          Math.max(threshold, next.threshold()),
          next.active() ? Math.max(peak, next.value()) : peak,
          next.unit(),
          worse ? next.counts() : counts,
          next.samples().isEmpty() ? samples : next.samples(),
          next.active() ? next.summary() : summary);
    }
  }

  /**
   * When what happened.
   *
   * @param since its rule has held; of a pending one what the wait is counted from
   * @param firedAt it began to be an incident, the last time
   * @param clearSince its rule has been clear, or null
   * @param endedAt or null
   */
  public record Times(
      Instant since,
      @Nullable Instant firedAt,
      @Nullable Instant clearSince,
      @Nullable Instant endedAt) {

    Times fired(Instant now) {
      return new Times(since, now, null, null);
    }

    Times clear(@Nullable Instant from) {
      return new Times(since, firedAt, from, endedAt);
    }

    Times ended(Instant now) {
      return new Times(since, firedAt, clearSince, now);
    }
  }

  /**
   * What was done about it.
   *
   * @param acknowledgedBy or null
   * @param acknowledgedAt or null
   * @param resolvedBy who resolved it, or null where it ended by itself
   * @param held whether somebody resolved it while its rule held: it does not begin again before
   *     the rule was clear
   * @param mutedBy {@code silence:ID} or {@code incident:ID} that keeps it from being told, or null
   * @param reopened how often it began again
   */
  public record Handling(
      @Nullable String acknowledgedBy,
      @Nullable Instant acknowledgedAt,
      @Nullable String resolvedBy,
      boolean held,
      @Nullable String mutedBy,
      int reopened) {
    static final Handling NONE = new Handling(null, null, null, false, null, 0);

    /** Nobody has it: it fires anew, or is worse than what was taken. */
    Handling untaken() {
      return new Handling(null, null, null, false, mutedBy, reopened);
    }

    Handling again() {
      return new Handling(null, null, null, false, mutedBy, reopened + 1);
    }

    Handling muted(@Nullable String by) {
      return new Handling(acknowledgedBy, acknowledgedAt, resolvedBy, held, by, reopened);
    }

    Handling acknowledged(String by, Instant now) {
      return new Handling(by, now, null, false, mutedBy, reopened);
    }

    Handling resolved(String by) {
      return new Handling(acknowledgedBy, acknowledgedAt, by, true, null, reopened);
    }

    Handling released() {
      return new Handling(acknowledgedBy, acknowledgedAt, resolvedBy, false, mutedBy, reopened);
    }
  }

  /**
   * What was told.
   *
   * @param number of the last notice
   * @param at when a notice was due last, or null
   * @param due whether it fires and that is still to be told
   * @param escalated steps of escalation that were taken
   * @param channels that were told
   */
  public record Telling(
      long number, @Nullable Instant at, boolean due, int escalated, Set<String> channels) {
    static final Telling NONE = new Telling(0, null, false, 0, Set.of());

    public Telling {
      channels = Set.copyOf(channels);
    }

    boolean isTold() {
      return !channels.isEmpty();
    }

    /** That it fires is to be told, and escalation begins from the start. */
    Telling asDue() {
      return new Telling(number, at, true, 0, channels);
    }

    Telling notDue() {
      return new Telling(number, at, false, escalated, channels);
    }

    Telling at(@Nullable Instant when) {
      return new Telling(number, when, due, escalated, channels);
    }

    Telling numbered(long last) {
      return new Telling(last, at, due, escalated, channels);
    }

    Telling escalatedOnce() {
      return new Telling(number, at, false, escalated + 1, channels);
    }

    Telling told(Set<String> more, Instant when) {
      Set<String> all = new HashSet<>(channels);
      all.addAll(more);
      return new Telling(number + 1, when, false, escalated, all);
    }
  }

  static Incident pending(String id, Observation seen, Instant now) {
    return new Incident(
        id,
        seen.rule(),
        seen.labels(),
        IncidentState.PENDING,
        seen.severity(),
        Seen.of(seen),
        new Times(now, null, null, null),
        Handling.NONE,
        Telling.NONE,
        1);
  }

  /** Whose it is, or null for the whole installation. */
  public @Nullable String tenant() {
    return labels.get("tenant");
  }

  /** What it is known by beside others of its rule. */
  String key() {
    return key(rule, labels);
  }

  static String key(String rule, Map<String, String> labels) {
    StringBuilder key = new StringBuilder(rule);
    // Lengths, so that no two sets of labels give one key.
    new TreeMap<>(labels)
        .forEach(
            (name, value) ->
                key.append('|')
                    .append(name)
                    .append(':')
                    .append(value.length())
                    .append(':')
                    .append(value));
    return key.toString();
  }

  Incident with(Consumer<Edit> change) {
    Edit edit = new Edit(this);
    change.accept(edit);
    return edit.incident();
  }

  /** All values, to change a few of them. */
  static final class Edit {
    private final Incident from;
    IncidentState state;
    Severity severity;
    Seen seen;
    Times times;
    Handling handling;
    Telling telling;

    private Edit(Incident from) {
      this.from = from;
      this.state = from.state;
      this.severity = from.severity;
      this.seen = from.seen;
      this.times = from.times;
      this.handling = from.handling;
      this.telling = from.telling;
    }

    private Incident incident() {
      return new Incident(
          from.id,
          from.rule,
          from.labels,
          state,
          severity,
          seen,
          times,
          handling,
          telling,
          from.revision);
    }
  }

  Incident revised() {
    return new Incident(
        id, rule, labels, state, severity, seen, times, handling, telling, revision + 1);
  }
}
