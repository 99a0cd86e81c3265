package io.llmtrace.controlplane.alerts.incidents;

import io.llmtrace.controlplane.alerts.incidents.Incident.Telling;
import io.llmtrace.controlplane.alerts.incidents.Incident.Times;
import io.llmtrace.controlplane.alerts.notice.Notice.Kind;
import io.llmtrace.controlplane.alerts.rules.AlertRule;
import io.llmtrace.controlplane.alerts.rules.Observation;
import io.llmtrace.policies.detect.Severity;
import io.llmtrace.runtime.config.AlertsConfig;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Takes incidents from one look at their rule to the next: pending, firing, acknowledged, resolved.
 * It knows no clock and no storage: the same looks give the same incidents, whoever asks and
 * however often the process was restarted in between. Thread-safe.
 *
 * <p>What flaps is damped: each time that an incident begins again soon after its end, it has to be
 * clear for twice as long before it ends the next time, up to an hour.
 */
public final class IncidentMachine {
  private static final Duration LONGEST_KEEP = Duration.ofHours(1);
  private static final int MOST_DOUBLINGS = 12;

  private final AlertsConfig.Pacing pacing;
  private final List<AlertsConfig.Escalation> escalation;
  private final Supplier<String> ids;

  /**
   * @param ids makes ids of incidents
   */
  public IncidentMachine(
      AlertsConfig.Pacing pacing, List<AlertsConfig.Escalation> escalation, Supplier<String> ids) {
    this.pacing = pacing;
    this.escalation = List.copyOf(escalation);
    this.ids = ids;
  }

  /**
   * Something to be told.
   *
   * @param kind what happened
   * @param incident as it is then; its number is the notice's
   * @param channels who is told
   */
  public record Told(Kind kind, Incident incident, Set<String> channels) {}

  /**
   * What comes of a look.
   *
   * @param track what is known now
   * @param told in this order
   */
  public record Step(Track track, List<Told> told) {}

  /** Says which channels an incident concerns. */
  @FunctionalInterface
  public interface Routing {
    /**
     * Names of channels.
     *
     * @param kind of what is to be told
     * @param named channels of a step of escalation, or null
     */
    Set<String> channels(Incident incident, Kind kind, @Nullable Set<String> named);
  }

  /**
   * One look.
   *
   * @param seen what the rule saw of this group, or null for nothing
   * @param muted {@code silence:ID} or {@code incident:ID} that keeps it from being told, or null
   * @param routing asked for each notice; a notice for nobody is not made
   */
  public Step step(
      Track before,
      AlertRule rule,
      @Nullable Observation seen,
      @Nullable String muted,
      Routing routing,
      Instant now) {
    List<Told> told = new ArrayList<>();
    Track next = begin(forgotten(before, seen, now), rule, seen, now);
    Incident current = next.current();
    if (current != null && current.state().isOpen()) {
      current = muted(current, muted);
      if (seen != null && current.state().isOpen()) {
        current = looked(current, seen, now);
      }
      current = cleared(current, rule, seen, now);
      current = telling(current, routing, told, now);
      next =
          current.state() == IncidentState.RESOLVED
              ? new Track(null, current)
              : new Track(current, next.last());
    }
    return new Step(next, told);
  }

  /** Without an end that is so long ago that what begins now is something new. */
  private Track forgotten(Track before, @Nullable Observation seen, Instant now) {
    Incident last = before.last();
    if (last == null) {
      return before;
    }
    if (last.handling().held()) {
      if (!isClear(seen)) {
        return before;
      }
      last = last.with(edit -> edit.handling = edit.handling.released());
    }
    Instant ended = last.times().endedAt();
    boolean recent = ended != null && now.isBefore(ended.plus(pacing.reopen()));
    return new Track(before.current(), recent ? last : null);
  }

  private static boolean isClear(@Nullable Observation seen) {
    return seen == null || seen.clear();
  }

  private Track begin(Track before, AlertRule rule, @Nullable Observation seen, Instant now) {
    Incident current = before.current();
    Incident last = before.last();
    if (current != null && current.state().isOpen()) {
      return before;
    }
    if (last != null && last.handling().held()) {
      return new Track(null, last);
    }
    if (seen == null || !seen.active()) {
      return new Track(null, last);
    }
    Incident pending =
        current == null
            ? Incident.pending(ids.get(), seen, now)
            : current.with(
                edit -> {
                  edit.seen = edit.seen.and(seen);
                  edit.severity = worse(edit.severity, seen.severity());
                });
    if (now.isBefore(pending.times().since().plus(rule.lasting()))) {
      return new Track(pending, last);
    }
    return last == null
        ? new Track(fired(pending, now), null)
        : new Track(again(last, pending, now), null);
  }

  private static Incident fired(Incident pending, Instant now) {
    return pending.with(
        edit -> {
          edit.state = IncidentState.FIRING;
          edit.times = edit.times.fired(now);
          edit.telling = edit.telling.asDue();
        });
  }

  /** It ended a moment ago: the same incident goes on. */
  private static Incident again(Incident last, Incident pending, Instant now) {
    return last.with(
        edit -> {
          edit.state = IncidentState.FIRING;
          edit.severity = worse(edit.severity, pending.severity());
          edit.seen = pending.seen();
          edit.times = pending.times().fired(now);
          edit.handling = edit.handling.again();
          edit.telling = edit.telling.asDue();
        });
  }

  private static Severity worse(Severity one, Severity other) {
    return one.atLeast(other) ? one : other;
  }

  private static Incident muted(Incident incident, @Nullable String by) {
    return incident.with(edit -> edit.handling = edit.handling.muted(by));
  }

  /** What got worse is news also to those who have acknowledged it. */
  private static Incident looked(Incident incident, Observation seen, Instant now) {
    boolean grew =
        seen.active()
            && (!incident.severity().atLeast(seen.severity())
                || seen.threshold() > incident.seen().threshold());
    return incident.with(
        edit -> {
          edit.seen = edit.seen.and(seen);
          if (grew) {
            edit.severity = worse(edit.severity, seen.severity());
            edit.state = IncidentState.FIRING;
            edit.times = edit.times.fired(now);
            edit.handling = edit.handling.untaken();
            edit.telling = edit.telling.asDue();
          }
        });
  }

  private static Incident cleared(
      Incident incident, AlertRule rule, @Nullable Observation seen, Instant now) {
    Times times = incident.times();
    if (!isClear(seen)) {
      return times.clearSince() == null
          ? incident
          : incident.with(edit -> edit.times = times.clear(null));
    }
    Instant since = times.clearSince() == null ? now : times.clearSince();
    boolean over = !now.isBefore(since.plus(keep(rule, incident.handling().reopened())));
    return incident.with(
        edit -> {
          edit.times = times.clear(since);
          if (over) {
            edit.times = edit.times.ended(now);
            edit.state = IncidentState.RESOLVED;
          }
        });
  }

  /** How long it must be clear: longer each time that it came back. */
  static Duration keep(AlertRule rule, int reopened) {
    Duration keep = rule.keep().multipliedBy(1L << Math.min(reopened, MOST_DOUBLINGS));
    return keep.compareTo(LONGEST_KEEP) < 0 || reopened == 0 ? keep : LONGEST_KEEP;
  }

  private Incident telling(Incident before, Routing routing, List<Told> told, Instant now) {
    Incident incident = before;
    if (incident.state() == IncidentState.RESOLVED) {
      // Those who were told that it began are told that it is over, whatever keeps it quiet now.
      return tell(incident, Kind.RESOLVED, incident.telling().channels(), told, now);
    }
    if (incident.handling().mutedBy() != null || incident.state() != IncidentState.FIRING) {
      return incident;
    }
    if (incident.telling().due()) {
      Instant at = incident.telling().at();
      boolean cool =
          at == null
              || incident.handling().reopened() == 0
              || !now.isBefore(at.plus(pacing.cooldown()));
      return cool
          ? tell(incident, Kind.FIRING, routing.channels(incident, Kind.FIRING, null), told, now)
          : incident;
    }
    incident = escalated(incident, routing, told, now);
    Instant at = incident.telling().at();
    if (at != null && !now.isBefore(at.plus(pacing.repeat()))) {
      incident =
          tell(incident, Kind.REMINDER, routing.channels(incident, Kind.REMINDER, null), told, now);
    }
    return incident;
  }

  private Incident escalated(Incident before, Routing routing, List<Told> told, Instant now) {
    Incident incident = before;
    Instant fired = incident.times().firedAt();
    while (fired != null
        && incident.telling().escalated() < escalation.size()
        && !now.isBefore(fired.plus(escalation.get(incident.telling().escalated()).after()))) {
      AlertsConfig.Escalation step = escalation.get(incident.telling().escalated());
      incident = incident.with(edit -> edit.telling = edit.telling.escalatedOnce());
      incident =
          tell(
              incident,
              Kind.ESCALATED,
              routing.channels(incident, Kind.ESCALATED, step.channels()),
              told,
              now);
    }
    return incident;
  }

  /** A notice for nobody has no number; that it was due is over all the same. */
  private static Incident tell(
      Incident incident, Kind kind, Set<String> channels, List<Told> told, Instant now) {
    if (channels.isEmpty()) {
      return incident.with(
          edit ->
              edit.telling =
                  edit.telling.notDue().at(kind == Kind.RESOLVED ? edit.telling.at() : now));
    }
    Incident after = incident.with(edit -> edit.telling = edit.telling.told(channels, now));
    told.add(new Told(kind, after, channels));
    return after;
  }

  /**
   * Somebody takes an incident; one that is taken, or over, stays as it is.
   *
   * @return the incident and what is to be told
   */
  public Step acknowledge(Incident incident, String by, Instant now) {
    if (incident.state() != IncidentState.FIRING) {
      return new Step(new Track(incident, null), List.of());
    }
    List<Told> told = new ArrayList<>();
    Incident taken =
        incident.with(
            edit -> {
              edit.state = IncidentState.ACKNOWLEDGED;
              edit.handling = edit.handling.acknowledged(by, now);
              // It is known: that it fires need not be told any more.
              edit.telling = edit.telling.notDue();
            });
    taken = tell(taken, Kind.ACKNOWLEDGED, taken.telling().channels(), told, now);
    return new Step(new Track(taken, null), told);
  }

  /** Somebody ends an incident; it does not begin again before its rule was clear. */
  public Step resolve(Incident incident, String by, Instant now) {
    if (!incident.state().isOpen()) {
      return new Step(new Track(null, incident), List.of());
    }
    List<Told> told = new ArrayList<>();
    Incident ended =
        incident.with(
            edit -> {
              edit.state = IncidentState.RESOLVED;
              edit.times = edit.times.ended(now);
              edit.handling = edit.handling.resolved(by);
            });
    ended = tell(ended, Kind.RESOLVED, ended.telling().channels(), told, now);
    return new Step(new Track(null, ended), told);
  }

  /**
   * Somebody says something. After the end it is kept and told to nobody: a service that knows
   * states would take it for a beginning.
   */
  public Step comment(Incident incident, Instant now) {
    if (!incident.state().isOpen()) {
      return new Step(new Track(null, incident), List.of());
    }
    List<Told> told = new ArrayList<>();
    Telling before = incident.telling();
    Incident after =
        tell(incident, Kind.COMMENTED, before.channels(), told, now)
            .with(
                edit ->
                    // A comment puts off neither reminders nor what is due.
                    edit.telling = before.numbered(edit.telling.number()));
    return new Step(new Track(after, null), told);
  }

  /**
   * Time that nobody looked does not count: what is pending waits for that much longer, and what is
   * clear must be clear for that much longer.
   */
  public static Incident unseen(Incident incident, Duration gap) {
    Times times = incident.times();
    return incident.with(
        edit ->
            edit.times =
                new Times(
                    incident.state() == IncidentState.PENDING
                        ? times.since().plus(gap)
                        : times.since(),
                    times.firedAt(),
                    times.clearSince() == null ? null : times.clearSince().plus(gap),
                    times.endedAt()));
  }
}
