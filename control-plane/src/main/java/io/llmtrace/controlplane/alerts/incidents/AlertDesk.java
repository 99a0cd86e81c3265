package io.llmtrace.controlplane.alerts.incidents;

import io.llmtrace.controlplane.alerts.notice.Notice;
import io.llmtrace.controlplane.alerts.notice.Notice.Kind;
import io.llmtrace.controlplane.alerts.rules.AlertRule;
import io.llmtrace.controlplane.alerts.rules.Observation;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jspecify.annotations.Nullable;

/**
 * Looks at all rules, and takes incidents on by what it sees. What incidents become and what is to
 * be told of them is committed together: a process that dies loses neither and repeats neither. Any
 * replica may look at any time; one at a time does. Thread-safe.
 */
public final class AlertDesk {
  /** The turn, beside those of {@code lifecycle.Turns}. */
  static final long TURN = 7366031;

  private static final Duration KEPT = Duration.ofDays(90);
  private static final int DELETED_AT_ONCE = 1_000;

  private final Supplier<Jdbi> jdbi;
  private final Parts parts;
  private final Now now;
  private final Teller teller;
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
    this.teller = new Teller(parts, this::links);
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
                new Round(handle, now.of(handle), parts, teller).all();
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
    if (after == null || (after.equals(before) && comment == null)) {
      return before;
    }
    IncidentStore.change(handle, after);
    if (step.told().isEmpty()) {
      // Who takes what is taken changes nothing; what they said with it is kept.
      Kind kind = after.equals(before) ? Kind.COMMENTED : act.kind;
      teller.note(handle, after, kind.label(), at, by, comment);
    }
    step.told().forEach(told -> teller.tell(handle, told, at, by, comment));
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
}
