package io.llmtrace.controlplane.alerts.incidents;

import com.fasterxml.jackson.annotation.JsonValue;
import com.fasterxml.jackson.core.type.TypeReference;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/**
 * A time in which incidents go on and are not told: a silence, or a maintenance window. Immutable.
 *
 * @param id ULID
 * @param tenant whose incidents, or null for all
 * @param matchers values by label, of which an incident has one each; {@code rule}, {@code
 *     severity} and {@code tenant} are labels here. Empty is every incident
 * @param startsAt start of the first time
 * @param endsAt end of the first time
 * @param every whether it comes again at the same hour, in UTC
 * @param until nothing is silent after this; where it does not come again, {@code endsAt}
 * @param comment why
 * @param createdBy who
 * @param endedBy who ended it early, or null
 * @param endedAt or null
 */
public record Silence(
    String id,
    @Nullable String tenant,
    Map<String, Set<String>> matchers,
    Instant startsAt,
    Instant endsAt,
    Every every,
    Instant until,
    String comment,
    String createdBy,
    Instant createdAt,
    @Nullable String endedBy,
    @Nullable Instant endedAt) {

  public static final String COLUMNS =
      "id, tenant, matchers::text AS matchers, starts_at, ends_at, every, until, comment,"
          + " created_by, created_at, ended_by, ended_at";

  /** When it comes again. */
  public enum Every {
    ONCE(Duration.ZERO),
    DAY(Duration.ofDays(1)),
    WEEK(Duration.ofDays(7));

    private final String label = name().toLowerCase(Locale.ROOT);
    private final Duration period;

    Every(Duration period) {
      this.period = period;
    }

    @JsonValue
    public String label() {
      return label;
    }

    /** The longest time that can come again. */
    public Duration period() {
      return period;
    }
  }

  /** Whether it is silent at this time. */
  public boolean isActive(Instant now) {
    if (endedAt != null || now.isBefore(startsAt) || !now.isBefore(until)) {
      return false;
    }
    if (every == Every.ONCE) {
      return now.isBefore(endsAt);
    }
    long into = Duration.between(startsAt, now).toMillis() % every.period().toMillis();
    return into < Duration.between(startsAt, endsAt).toMillis();
  }

  /** Whether it is about this incident. */
  public boolean covers(Incident incident) {
    if (tenant != null && !tenant.equals(incident.tenant())) {
      return false;
    }
    return matchers.entrySet().stream()
        .allMatch(
            each -> {
              String value = label(incident, each.getKey());
              return value != null && each.getValue().contains(value);
            });
  }

  /** The value of a label, those included that every incident has. */
  static @Nullable String label(Incident incident, String name) {
    return switch (name) {
      case "rule" -> incident.rule();
      case "severity" -> incident.severity().label();
      default -> incident.labels().get(name);
    };
  }

  /** Those that are silent now, the oldest first. */
  static List<Silence> active(Handle handle, Instant now) {
    ZonedDateTime at = now.atZone(ZoneOffset.UTC);
    return handle
        .createQuery(
            "SELECT "
                + COLUMNS
                + " FROM alert_silences WHERE until > :at AND starts_at <= :at"
                + " AND ended_at IS NULL ORDER BY id")
        .bind("at", at.toOffsetDateTime())
        .map((row, context) -> of(row))
        .list()
        .stream()
        .filter(each -> each.isActive(now))
        .toList();
  }

  /** Stores a new one. */
  public void insert(Handle handle) {
    handle
        .createUpdate(
            "INSERT INTO alert_silences (id, tenant, matchers, starts_at, ends_at, every, until,"
                + " comment, created_by, created_at) VALUES (:id, :tenant,"
                + " CAST(:matchers AS jsonb), :starts, :ends, :every, :until, :comment, :by, :at)")
        .bind("id", id)
        .bind("tenant", tenant)
        .bind("matchers", IncidentStore.json(matchers))
        .bind("starts", IncidentStore.time(startsAt))
        .bind("ends", IncidentStore.time(endsAt))
        .bind("every", every.label())
        .bind("until", IncidentStore.time(until))
        .bind("comment", comment)
        .bind("by", createdBy)
        .bind("at", IncidentStore.time(createdAt))
        .execute();
  }

  /** Reads a row of {@link #COLUMNS}. */
  public static Silence of(ResultSet row) throws SQLException {
    return new Silence(
        row.getString("id"),
        row.getString("tenant"),
        IncidentStore.read(
            row.getString("matchers"), new TypeReference<Map<String, Set<String>>>() {}),
        IncidentStore.instant(row, "starts_at"),
        IncidentStore.instant(row, "ends_at"),
        Every.valueOf(row.getString("every").toUpperCase(Locale.ROOT)),
        IncidentStore.instant(row, "until"),
        row.getString("comment"),
        row.getString("created_by"),
        IncidentStore.instant(row, "created_at"),
        row.getString("ended_by"),
        IncidentStore.optional(row, "ended_at"));
  }
}
