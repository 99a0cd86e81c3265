package io.llmtrace.controlplane.alerts.incidents;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import io.llmtrace.controlplane.alerts.incidents.Incident.Handling;
import io.llmtrace.controlplane.alerts.incidents.Incident.Seen;
import io.llmtrace.controlplane.alerts.incidents.Incident.Telling;
import io.llmtrace.controlplane.alerts.incidents.Incident.Times;
import io.llmtrace.controlplane.storage.StorableJson;
import io.llmtrace.policies.detect.Severity;
import io.llmtrace.policies.json.WireJson;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.sql.Array;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.Update;
import org.jspecify.annotations.Nullable;

/** Rows of incidents and of their history. Stateless. */
public final class IncidentStore {
  /** What {@link #of} reads. */
  public static final String COLUMNS =
      "id, rule, labels::text AS labels, state, severity, seen::text AS seen, since, fired_at,"
          + " clear_since, ended_at, acknowledged_by, acknowledged_at, resolved_by, held, muted_by,"
          + " reopened, number, told_at, due, escalated, channels, revision";

  private static final TypeReference<Map<String, String>> LABELS = new TypeReference<>() {};

  private IncidentStore() {}

  /**
   * Something that happened to an incident.
   *
   * @param kind such as {@code firing}, {@code acknowledged}, {@code muted}
   * @param number of the notice that told it, or null
   * @param by who did it, or null
   * @param comment what that person said, or null
   * @param channels who was told
   */
  public record Event(
      Instant at,
      String kind,
      @Nullable Long number,
      @Nullable String by,
      @Nullable String comment,
      Set<String> channels) {}

  /** All that is tracked, by key; nobody else changes it before the transaction ends. */
  static Map<String, Track> tracks(Handle handle) {
    Map<String, Track> tracks = new LinkedHashMap<>();
    handle
        .createQuery(
            "SELECT " + COLUMNS + " FROM alert_incidents WHERE tracked ORDER BY id FOR UPDATE")
        .map((row, context) -> of(row))
        .forEach(
            incident ->
                tracks.merge(
                    incident.key(),
                    incident.state() == IncidentState.RESOLVED
                        ? new Track(null, incident)
                        : new Track(incident, null),
                    (one, other) ->
                        new Track(
                            one.current() == null ? other.current() : one.current(),
                            one.last() == null ? other.last() : one.last())));
    return tracks;
  }

  /**
   * Writes what became of a track. What is no longer tracked is left as history; what was pending
   * and is gone leaves nothing.
   */
  static void write(Handle handle, Track before, Track after) {
    for (Incident old : new Incident[] {before.current(), before.last()}) {
      if (old == null || is(old, after.current()) || is(old, after.last())) {
        continue;
      }
      if (old.state() == IncidentState.PENDING) {
        handle.execute("DELETE FROM alert_incidents WHERE id = ?", old.id());
      } else {
        handle.execute("UPDATE alert_incidents SET tracked = false WHERE id = ?", old.id());
      }
    }
    Incident current = after.current();
    Incident last = after.last();
    // What ended first: it makes room for what begins.
    if (last != null && !last.equals(before.last())) {
      save(handle, last);
    }
    if (current != null && !current.equals(before.current())) {
      save(handle, current);
    }
  }

  private static boolean is(Incident one, @Nullable Incident other) {
    return other != null && one.id().equals(other.id());
  }

  private static void save(Handle handle, Incident incident) {
    bound(
            handle.createUpdate(
                "INSERT INTO alert_incidents AS i (id, rule, tenant, labels, key, state, severity,"
                    + " seen, since, fired_at, clear_since, ended_at, acknowledged_by,"
                    + " acknowledged_at, resolved_by, held, muted_by, reopened, number, told_at,"
                    + " due, escalated, channels, revision) VALUES (:id, :rule, :tenant,"
                    + " CAST(:labels AS jsonb), :key, :state, :severity, CAST(:seen AS jsonb),"
                    + " :since, :fired_at, :clear_since, :ended_at, :acknowledged_by,"
                    + " :acknowledged_at, :resolved_by, :held, :muted_by, :reopened, :number,"
                    + " :told_at, :due, :escalated, :channels, :revision) ON CONFLICT (id) DO"
                    + " UPDATE SET state = :state, severity = :severity,"
                    + " seen = CAST(:seen AS jsonb), since = :since, fired_at = :fired_at,"
                    + " clear_since = :clear_since, ended_at = :ended_at,"
                    + " acknowledged_by = :acknowledged_by, acknowledged_at = :acknowledged_at,"
                    + " resolved_by = :resolved_by, held = :held, muted_by = :muted_by,"
                    + " reopened = :reopened, number = :number, told_at = :told_at, due = :due,"
                    + " escalated = :escalated, channels = :channels, tracked = true,"
                    + " revision = i.revision + 1"),
            incident)
        .execute();
  }

  /** Writes what a person did; only what people change. */
  public static void change(Handle handle, Incident incident) {
    bound(
            handle.createUpdate(
                "UPDATE alert_incidents SET state = :state, ended_at = :ended_at,"
                    + " acknowledged_by = :acknowledged_by, acknowledged_at = :acknowledged_at,"
                    + " resolved_by = :resolved_by, held = :held, muted_by = :muted_by,"
                    + " number = :number, told_at = :told_at, due = :due, channels = :channels,"
                    + " revision = revision + 1 WHERE id = :id"),
            incident)
        .execute();
  }

  private static Update bound(Update update, Incident incident) {
    Times times = incident.times();
    Handling handling = incident.handling();
    Telling telling = incident.telling();
    return update
        .bind("id", incident.id())
        .bind("rule", incident.rule())
        .bind("tenant", incident.tenant())
        .bind("labels", json(incident.labels()))
        .bind("key", hash(incident.key()))
        .bind("state", incident.state().label())
        .bind("severity", incident.severity().label())
        .bind("seen", json(incident.seen()))
        .bind("since", time(times.since()))
        .bind("fired_at", time(times.firedAt()))
        .bind("clear_since", time(times.clearSince()))
        .bind("ended_at", time(times.endedAt()))
        .bind("acknowledged_by", handling.acknowledgedBy())
        .bind("acknowledged_at", time(handling.acknowledgedAt()))
        .bind("resolved_by", handling.resolvedBy())
        .bind("held", handling.held())
        .bind("muted_by", handling.mutedBy())
        .bind("reopened", handling.reopened())
        .bind("number", telling.number())
        .bind("told_at", time(telling.at()))
        .bind("due", telling.due())
        .bind("escalated", telling.escalated())
        .bindArray("channels", String.class, telling.channels().stream().sorted().toList())
        .bind("revision", incident.revision());
  }

  /** Adds to the history of an incident, which must be stored. */
  public static void note(Handle handle, Incident incident, Event event) {
    handle
        .createUpdate(
            "INSERT INTO alert_events (incident, tenant, at, kind, number, by, comment, channels)"
                + " VALUES (:incident, :tenant, :at, :kind, :number, :by, :comment, :channels)")
        .bind("incident", incident.id())
        .bind("tenant", incident.tenant())
        .bind("at", time(event.at()))
        .bind("kind", event.kind())
        .bind("number", event.number())
        .bind("by", event.by())
        .bind("comment", event.comment())
        .bindArray("channels", String.class, event.channels().stream().sorted().toList())
        .execute();
  }

  /**
   * Takes out of incidents, and of notices that are kept, examples of exchanges that are no longer
   * there, and the name of somebody who is forgotten. In a transaction of the caller.
   *
   * @return rows that were changed
   */
  public static int erase(Handle handle, String tenant, String name, String erased) {
    // No look meanwhile: it locks the same rows in another order.
    handle.execute("SELECT pg_advisory_xact_lock(?)", AlertDesk.TURN);
    int changed = 0;
    for (String[] each : new String[][] {{"alert_incidents", "seen"}, {"alert_outbox", "notice"}}) {
      String gone =
          " WHERE tenant = :tenant AND EXISTS (SELECT FROM jsonb_array_elements(x.%2$s->'samples')"
              + " s WHERE NOT EXISTS (SELECT FROM exchanges e WHERE e.decision_id ="
              + " s->>'decision_id'))";
      changed +=
          handle
              .createUpdate(
                  ("UPDATE %1$s x SET %2$s = jsonb_set(x.%2$s, '{samples}', '[]')" + gone)
                      .formatted(each[0], each[1]))
              .bind("tenant", tenant)
              .execute();
      changed +=
          handle
              .createUpdate(
                  ("UPDATE %1$s x SET %2$s = jsonb_set(x.%2$s, '{summary}',"
                          + " to_jsonb(replace(x.%2$s->>'summary', :name, :erased)))"
                          + " WHERE tenant = :tenant AND strpos(x.%2$s->>'summary', :name) > 0")
                      .formatted(each[0], each[1]))
              .bind("tenant", tenant)
              .bind("name", name)
              .bind("erased", erased)
              .execute();
    }
    return changed;
  }

  /** Reads a row of {@link #COLUMNS}. */
  public static Incident of(ResultSet row) throws SQLException {
    return new Incident(
        row.getString("id"),
        row.getString("rule"),
        read(row.getString("labels"), LABELS),
        IncidentState.valueOf(row.getString("state").toUpperCase(Locale.ROOT)),
        Severity.of(row.getString("severity")),
        read(row.getString("seen"), new TypeReference<Seen>() {}),
        new Times(
            instant(row, "since"),
            optional(row, "fired_at"),
            optional(row, "clear_since"),
            optional(row, "ended_at")),
        new Handling(
            row.getString("acknowledged_by"),
            optional(row, "acknowledged_at"),
            row.getString("resolved_by"),
            row.getBoolean("held"),
            row.getString("muted_by"),
            row.getInt("reopened")),
        new Telling(
            row.getLong("number"),
            optional(row, "told_at"),
            row.getBoolean("due"),
            row.getInt("escalated"),
            texts(row, "channels")),
        row.getLong("revision"));
  }

  static Set<String> texts(ResultSet row, String column) throws SQLException {
    Array array = row.getArray(column);
    return Set.of((String[]) array.getArray());
  }

  static Instant instant(ResultSet row, String column) throws SQLException {
    return row.getObject(column, OffsetDateTime.class).toInstant();
  }

  static @Nullable Instant optional(ResultSet row, String column) throws SQLException {
    OffsetDateTime time = row.getObject(column, OffsetDateTime.class);
    return time == null ? null : time.toInstant();
  }

  static @Nullable OffsetDateTime time(@Nullable Instant instant) {
    return instant == null ? null : instant.atOffset(ZoneOffset.UTC);
  }

  static <T> T read(String json, TypeReference<T> type) {
    try {
      return WireJson.mapper().readValue(json, type);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a stored incident cannot be read", e);
    }
  }

  static String json(Object value) {
    try {
      return StorableJson.of(WireJson.mapper().writeValueAsString(value));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("an incident has no JSON form", e);
    }
  }

  private static String hash(String key) {
    try {
      return HexFormat.of()
          .formatHex(
              MessageDigest.getInstance("SHA-256").digest(key.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
