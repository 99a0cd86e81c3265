package io.llmtrace.controlplane.alerts.incidents;

import io.llmtrace.controlplane.alerts.incidents.IncidentMachine.Told;
import io.llmtrace.controlplane.alerts.notice.Notice.Kind;
import io.llmtrace.controlplane.alerts.rules.AlertRule;
import io.llmtrace.controlplane.alerts.rules.Observation;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One look at all rules, in a transaction of the caller. Not thread-safe. */
final class Round {
  private static final Logger log = LoggerFactory.getLogger(Round.class);

  /** A pause between two looks that is no longer than this was no gap. */
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(60);

  /** A look a second is usual; what was missed by a longer pause is looked at again. */
  private static final Duration USUAL_PAUSE = Duration.ofSeconds(10);

  /** What is measured of an open incident is written so often, unless there is something new. */
  private static final long FRESH_SECONDS = 15;

  private final Handle handle;
  private final Instant at;
  private final @Nullable Instant last;
  private final boolean fresh;
  private final List<Silence> silences;
  private final AlertDesk.Parts parts;
  private final Teller teller;

  /** Open incidents that keep others from being told. */
  private final List<Incident> loud = new ArrayList<>();

  Round(Handle handle, Instant at, AlertDesk.Parts parts, Teller teller) {
    this.handle = handle;
    this.at = at;
    this.parts = parts;
    this.teller = teller;
    this.last =
        handle
            .createQuery("SELECT looked_at FROM alert_desk")
            .map((row, context) -> IncidentStore.optional(row, "looked_at"))
            .one();
    this.fresh =
        last == null
            || last.getEpochSecond() / FRESH_SECONDS != at.getEpochSecond() / FRESH_SECONDS;
    this.silences = Silence.active(handle, at);
  }

  void all() {
    Map<String, Track> tracks = IncidentStore.tracks(handle);
    Duration pause = pause();
    Duration gap = gap(pause);
    Duration unseen = pause.compareTo(USUAL_PAUSE) > 0 ? pause : Duration.ZERO;
    Map<String, Observation> seen = new LinkedHashMap<>();
    for (Observation each : parts.looking().look(handle, at, unseen)) {
      seen.put(Incident.key(each.rule(), each.labels()), each);
      tracks.putIfAbsent(Incident.key(each.rule(), each.labels()), Track.NONE);
    }
    // Those that may keep others quiet first.
    List<Map.Entry<String, Track>> ordered =
        tracks.entrySet().stream()
            .sorted(
                Comparator.comparing(
                    each -> ruleOf(each.getValue(), seen.get(each.getKey())).inhibits().isEmpty()))
            .toList();
    for (Map.Entry<String, Track> each : ordered) {
      one(each.getValue(), seen.get(each.getKey()), gap);
    }
    handle
        .createUpdate("UPDATE alert_desk SET looked_at = :at")
        .bind("at", IncidentStore.time(at))
        .execute();
  }

  /** Time since the last look. */
  private Duration pause() {
    return last == null ? Duration.ZERO : Duration.between(last, at);
  }

  /** Time that does not count because nobody looked. */
  private static Duration gap(Duration pause) {
    if (pause.compareTo(LONGEST_PAUSE) <= 0) {
      return Duration.ZERO;
    }
    log.info("Nobody looked at alerts for {}: that time does not count", pause);
    return pause;
  }

  private AlertRule ruleOf(Track track, @Nullable Observation seen) {
    Incident known = track.current() == null ? track.last() : track.current();
    String name = seen != null ? seen.rule() : known == null ? "" : known.rule();
    return teller.rule(name);
  }

  private void one(Track stored, @Nullable Observation seen, Duration gap) {
    AlertRule rule = ruleOf(stored, seen);
    Track before = gap.isZero() ? stored : unseen(stored, gap);
    IncidentMachine.Step step =
        parts.machine().step(before, rule, seen, mutedBy(before, rule, seen), parts.routes(), at);
    Track after = fresh ? step.track() : quiet(stored, step.track());
    IncidentStore.write(handle, stored, after);
    step.told().forEach(told -> teller.tell(handle, told, at, null, null));
    notes(before, after, step.told());
    if (after.current() != null && after.current().state().isOpen() && !rule.inhibits().isEmpty()) {
      loud.add(after.current());
    }
  }

  /**
   * Without what differs only in what was measured last, which nothing depends on: a thousand
   * incidents are not a thousand writes a second.
   */
  private static Track quiet(Track before, Track after) {
    Incident was = before.current();
    Incident is = after.current();
    if (was == null
        || is == null
        || is.seen().peak() != was.seen().peak()
        || is.seen().threshold() != was.seen().threshold()
        || !is.with(edit -> edit.seen = was.seen()).equals(was)) {
      return after;
    }
    return new Track(was, after.last());
  }

  private static Track unseen(Track track, Duration gap) {
    return track.current() == null
        ? track
        : new Track(IncidentMachine.unseen(track.current(), gap), track.last());
  }

  private @Nullable String mutedBy(Track track, AlertRule rule, @Nullable Observation seen) {
    Incident about = track.current() == null ? track.last() : track.current();
    if (about == null) {
      if (seen == null) {
        return null;
      }
      about = Incident.pending("", seen, at);
    }
    for (Silence silence : silences) {
      if (silence.covers(about)) {
        return "silence:" + silence.id();
      }
    }
    for (Incident each : loud) {
      if (!each.rule().equals(rule.name())
          && teller.rule(each.rule()).inhibits().contains(rule.name())
          && agree(each.labels(), about.labels())) {
        return "incident:" + each.id();
      }
    }
    return null;
  }

  /** Whether all labels that both have are equal. */
  private static boolean agree(Map<String, String> one, Map<String, String> other) {
    return one.entrySet().stream()
        .allMatch(
            each -> other.getOrDefault(each.getKey(), each.getValue()).equals(each.getValue()));
  }

  /** What happened and was told to nobody. */
  private void notes(Track before, Track after, List<Told> told) {
    Incident was = before.current();
    Incident is = after.current() == null ? after.last() : after.current();
    if (is == null || is.state() == IncidentState.PENDING) {
      return;
    }
    boolean wasOpen = was != null && was.id().equals(is.id()) && was.state().isOpen();
    if (is.state().isOpen() && !wasOpen && told.isEmpty()) {
      note(is, Kind.FIRING.label());
    }
    if (is.state() == IncidentState.RESOLVED && wasOpen && told.isEmpty()) {
      note(is, Kind.RESOLVED.label());
    }
    String by = is.handling().mutedBy();
    String mutedBefore = wasOpen && was != null ? was.handling().mutedBy() : null;
    if (is.state().isOpen() && by != null && !by.equals(mutedBefore)) {
      note(is, "muted by " + by);
    } else if (wasOpen && by == null && mutedBefore != null) {
      note(is, "heard again");
    }
  }

  private void note(Incident incident, String kind) {
    teller.note(handle, incident, kind, at, null, null);
  }
}
