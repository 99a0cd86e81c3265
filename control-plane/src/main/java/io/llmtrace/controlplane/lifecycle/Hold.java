package io.llmtrace.controlplane.lifecycle;

import com.fasterxml.jackson.annotation.JsonIgnore;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/**
 * A legal hold: exchanges that are kept whatever their retention and whoever wants them erased.
 *
 * @param consumer whose exchanges; null is all of the tenant
 * @param from first day (UTC), by the decision id
 * @param until last day, or null for an open end
 * @param state {@code active}; {@code releasing} while its rows go back; {@code ended}
 * @param createdAt RFC 3339
 * @param endedAt RFC 3339, or null
 */
public record Hold(
    String id,
    String tenant,
    @Nullable String consumer,
    String from,
    @Nullable String until,
    String reason,
    String state,
    String createdBy,
    String createdAt,
    @Nullable String endedBy,
    @Nullable String endedAt) {

  static final String SELECT =
      "SELECT id, tenant, consumer, from_day::text AS from_day, until_day::text AS until_day,"
          + " reason, created_by, created_at, ended_by, ended_at, released_at FROM holds";

  /** That an exchange e is under an active hold. */
  static final String HOLDS_EXCHANGE =
      "EXISTS (SELECT FROM holds h WHERE h.ended_at IS NULL AND h.tenant = e.tenant"
          + " AND e.day >= h.from_day AND (h.until_day IS NULL OR e.day <= h.until_day)"
          + " AND (h.consumer IS NULL OR h.consumer = e.consumer))";

  /**
   * That a row x, of any of the three tables, is what a hold h holds; its tenant and day are the
   * caller's to compare. Only exchanges name their consumer.
   */
  static final String CONSUMER_OF_X =
      "(h.consumer IS NULL OR EXISTS (SELECT FROM exchanges e WHERE e.decision_id = x.decision_id"
          + " AND e.day = x.day AND e.consumer = h.consumer))";

  static Hold of(ResultSet row) throws SQLException {
    boolean ended = row.getTimestamp("ended_at") != null;
    return new Hold(
        row.getString("id"),
        row.getString("tenant"),
        row.getString("consumer"),
        row.getString("from_day"),
        row.getString("until_day"),
        row.getString("reason"),
        !ended ? "active" : row.getTimestamp("released_at") == null ? "releasing" : "ended",
        row.getString("created_by"),
        row.getTimestamp("created_at").toInstant().toString(),
        row.getString("ended_by"),
        ended ? row.getTimestamp("ended_at").toInstant().toString() : null);
  }

  /** Whether any active hold has to do with a day. */
  static boolean anyOn(Handle handle, String day) {
    return handle
        .createQuery(
            "SELECT EXISTS (SELECT FROM holds h WHERE h.ended_at IS NULL"
                + " AND h.from_day <= CAST(:day AS date)"
                + " AND (h.until_day IS NULL OR h.until_day >= CAST(:day AS date)))")
        .bind("day", day)
        .mapTo(Boolean.class)
        .one();
  }

  /** As the audit may keep it for ever: a consumer may be a person, so its hash stands for it. */
  @JsonIgnore
  Map<String, @Nullable Object> audited() {
    Map<String, @Nullable Object> shown = new LinkedHashMap<>();
    shown.put("consumer_sha256", consumer == null ? null : Subject.sha256(consumer));
    shown.put("from", from);
    shown.put("until", until);
    shown.put("state", state);
    return shown;
  }
}
