package io.llmtrace.controlplane.alerts.incidents;

import io.llmtrace.controlplane.alerts.incidents.IncidentMachine.Told;
import io.llmtrace.controlplane.alerts.notice.Notice;
import io.llmtrace.controlplane.alerts.notice.Notice.Kind;
import io.llmtrace.controlplane.alerts.rules.AlertRule;
import io.llmtrace.controlplane.alerts.rules.Observation;
import io.llmtrace.policies.detect.Severity;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks at all rules, and takes incidents on by what it sees. What incidents become and what is to
 * be told of them is committed together: a process that dies loses neither and repeats neither. Any
 * replica may look at any time; one at a time does. Thread-safe.
 */
public final class AlertDesk {
  private static final Logger log = LoggerFactory.getLogger(AlertDesk.class);

  /** The turn, beside those of {@code lifecycle.Turns}. */
  static final long TURN = 7366031;

  /** A pause between two looks that is no longer than this was no gap. */
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(60);

  /** What is measured of an open incident is written so often, unless there is something new. */
  private static final long FRESH_SECONDS = 15;

  /** A look a second is usual; what was missed by a longer pause is looked at again. */
  private static final Duration USUAL_PAUSE = Duration.ofSeconds(10);

  private static final Duration KEPT = Duration.ofDays(90);
  private static final int DELETED_AT_ONCE = 1_000;

  private final Supplier<Jdbi> jdbi;
  private final Parts parts;
  private final Now now;
  private volatile @Nullable IncidentLinks links;

  /** Sees what rules see. */
  @FunctionalInterface
  public interface Looking {
    /**
     * What is seen now.
     *
     * @param unseen before now nobody looked for this long; zero where the pause was a usual one
     */
    List<Observation> look(Handle handle, Instant now, Duration unseen);
  }

  /** Takes what is to be told, in the transaction of the caller. */
  @FunctionalInterface
  public interface Telling {
    void tell(Handle handle, String channel, Notice notice);
  }

  /** What time it is. */
  @FunctionalInterface
  public interface Now {
    /** The database's time: replicas have one clock, whatever their own ones say. */
    Now DATABASE =
        handle ->
            handle
                .createQuery("SELECT clock_timestamp()")
                .mapTo(OffsetDateTime.class)
                .one()
                .toInstant();

    Instant of(Handle handle);
  }

  /**
   * What a desk is made of.
   *
   * @param rules all that can be observed
   */
  public record Parts(
      Collection<AlertRule> rules,
      Looking looking,
      IncidentMachine machine,
      Routes routes,
      Notices notices,
      Telling telling) {}

  public AlertDesk(Supplier<Jdbi> jdbi, Parts parts, Now now) {
    this.jdbi = jdbi;
    this.parts = parts;
    this.now = now;
  }

  /** Looks once, or does nothing while another replica is at it. */
  public void run() {
    // All replicas, also those that never look: a person may act through any of them.
    IncidentLinks unused = links();
    jdbi.get()
        .useTransaction(
            handle -> {
              boolean mine =
                  handle
                      .createQuery("SELECT pg_try_advisory_xact_lock(:turn)")
                      .bind("turn", TURN)
                      .mapTo(Boolean.class)
                      .one();
              if (mine) {
                new Look(handle, now.of(handle)).all();
              }
            });
  }

  /** Deletes incidents that ended long ago. */
  public void expire() {
    int gone;
    do {
      gone =
          jdbi.get()
              .withHandle(
                  handle ->
                      handle.execute(
                          "DELETE FROM alert_incidents WHERE id IN (SELECT id FROM alert_incidents"
                              + " WHERE NOT tracked AND ended_at < now() - make_interval(days => ?)"
                              + " LIMIT ?)",
                          (int) KEPT.toDays(),
                          DELETED_AT_ONCE));
    } while (gone == DELETED_AT_ONCE);
  }

  /**
   * Something that a person does to an incident, in a transaction of the caller.
   *
   * @param act what it comes to
   * @param by who does it
   * @param comment what is said, or null
   * @return the incident as it is then
   */
  public Incident act(
      Handle handle, Incident before, Act act, String by, @Nullable String comment) {
    Instant at = now.of(handle);
    IncidentMachine.Step step =
        switch (act) {
          case ACKNOWLEDGE -> parts.machine().acknowledge(before, by, at);
          case RESOLVE -> parts.machine().resolve(before, by, at);
          case COMMENT -> parts.machine().comment(before, at);
        };
    Track track = step.track();
    Incident after = track.current() == null ? track.last() : track.current();
    if (after == null || (after.equals(before) && act != Act.COMMENT)) {
      return before;
    }
    IncidentStore.change(handle, after);
    AlertRule rule = rule(after.rule());
    if (step.told().isEmpty()) {
      IncidentStore.note(
          handle,
          after,
          new IncidentStore.Event(at, act.kind.label(), null, by, comment, Set.of()));
    }
    step.told().forEach(told -> tell(handle, told, rule, at, by, comment));
    return after.revised();
  }

  /**
   * Signs links; its key is asked for once, on a connection of its own: the transaction that is
   * open may be one of a caller who may not read it, or may be rolled back with the key that it
   * made.
   */
  public IncidentLinks links() {
    IncidentLinks known = links;
    if (known == null) {
      try (Handle own = jdbi.get().open()) {
        known = IncidentLinks.of(own);
      }
      links = known;
    }
    return known;
  }

  /** What a person can do. */
  public enum Act {
    ACKNOWLEDGE(Kind.ACKNOWLEDGED),
    RESOLVE(Kind.RESOLVED),
    COMMENT(Kind.COMMENTED);

    private final Kind kind;

    Act(Kind kind) {
      this.kind = kind;
    }

    /** As the audit and the API name it, such as {@code acknowledge}. */
    public String label() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  private void tell(
      Handle handle,
      Told told,
      AlertRule rule,
      Instant at,
      @Nullable String by,
      @Nullable String comment) {
    Set<String> to =
        told.channels().stream()
            .filter(name -> told.kind() != Kind.RESOLVED || parts.routes().tellsEnds(name))
            .collect(Collectors.toSet());
    Notice notice = parts.notices().of(told, rule, links(), at, by, comment);
    to.stream().sorted().forEach(channel -> parts.telling().tell(handle, channel, notice));
    IncidentStore.note(
        handle,
        told.incident(),
        new IncidentStore.Event(at, told.kind().label(), notice.number(), by, comment, to));
  }

  /** Of a rule that is no longer configured: its incidents end with the next look. */
  private AlertRule rule(String name) {
    return parts.rules().stream()
        .filter(each -> each.name().equals(name))
        .findFirst()
        .orElseGet(
            () ->
                new AlertRule(
                    name,
                    Severity.INFO,
                    List.of(),
                    Duration.ZERO,
                    Duration.ZERO,
                    Duration.ZERO,
                    "",
                    "",
                    Set.of()));
  }

  /** One look. Not thread-safe. */
  private final class Look {
    private final Handle handle;
    private final Instant at;
    private final @Nullable Instant last;
    private final boolean fresh;
    private final List<Silence> silences;
    private final Map<String, AlertRule> rules = new LinkedHashMap<>();

    /** Open incidents that keep others from being told. */
    private final List<Incident> loud = new ArrayList<>();

    Look(Handle handle, Instant at) {
      this.handle = handle;
      this.at = at;
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
                      each ->
                          ruleOf(each.getValue(), seen.get(each.getKey())).inhibits().isEmpty()))
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
      return rules.computeIfAbsent(name, AlertDesk.this::rule);
    }

    private void one(Track stored, @Nullable Observation seen, Duration gap) {
      AlertRule rule = ruleOf(stored, seen);
      Track before = gap.isZero() ? stored : unseen(stored, gap);
      IncidentMachine.Step step =
          parts.machine().step(before, rule, seen, mutedBy(before, rule, seen), parts.routes(), at);
      Track after = fresh ? step.track() : quiet(stored, step.track());
      IncidentStore.write(handle, stored, after);
      step.told().forEach(told -> tell(handle, told, rule, at, null, null));
      notes(before, after, step.told());
      if (after.current() != null
          && after.current().state().isOpen()
          && !rule.inhibits().isEmpty()) {
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
            && rule(each.rule()).inhibits().contains(rule.name())
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
      String before2 = wasOpen && was != null ? was.handling().mutedBy() : null;
      if (is.state().isOpen() && by != null && !by.equals(before2)) {
        note(is, "muted by " + by);
      } else if (wasOpen && by == null && before2 != null) {
        note(is, "heard again");
      }
    }

    private void note(Incident incident, String kind) {
      IncidentStore.note(
          handle, incident, new IncidentStore.Event(at, kind, null, null, null, Set.of()));
    }
  }
}
