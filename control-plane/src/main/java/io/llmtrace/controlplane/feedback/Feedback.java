package io.llmtrace.controlplane.feedback;

import com.fasterxml.jackson.annotation.JsonIgnore;
import io.llmtrace.controlplane.http.Revision;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What somebody said about a finding.
 *
 * @param id ULID
 * @param verdict {@code false_positive}, or {@code missed} where more should be found
 * @param kind {@code exception}: the rule should not find this here; or {@code pack_case}: a rule
 *     should, or should not, match the text
 * @param scope of an exception: {@code route} or {@code tenant}
 * @param type of the finding, or the one that should have been found
 * @param severity likewise
 * @param zone of the finding
 * @param evidence of the finding, masked
 * @param text of a pack case, as its author wrote it
 * @param state {@code open}, {@code accepted} or {@code rejected}
 * @param createdAt epoch milliseconds
 * @param changedAt epoch milliseconds
 */
public record Feedback(
    String id,
    String tenant,
    String route,
    String findingId,
    String verdict,
    String kind,
    String scope,
    String type,
    String severity,
    String detector,
    String rule,
    String zone,
    String evidence,
    @Nullable String text,
    String comment,
    String state,
    long revision,
    String createdBy,
    long createdAt,
    String changedBy,
    long changedAt) {

  static final String FALSE_POSITIVE = "false_positive";
  static final String MISSED = "missed";
  static final String EXCEPTION = "exception";
  static final String PACK_CASE = "pack_case";

  static final List<String> VERDICTS = List.of(FALSE_POSITIVE, MISSED);
  static final List<String> KINDS = List.of(EXCEPTION, PACK_CASE);
  static final List<String> SCOPES = List.of("route", "tenant");
  static final List<String> STATES = List.of("open", "accepted", "rejected");

  static final String COLUMNS =
      "id, tenant, route, finding_id, verdict, kind, scope, type, severity, detector, rule, zone,"
          + " evidence, text, comment, state, revision, created_by,"
          + " CAST(extract(epoch FROM created_at) * 1000 AS bigint) AS created_at, changed_by,"
          + " CAST(extract(epoch FROM changed_at) * 1000 AS bigint) AS changed_at";

  @JsonIgnore
  Revision tag() {
    return new Revision(revision);
  }

  /** What the audit shows: everything but the text, which stays where it can be deleted. */
  Noted noted() {
    return new Noted(findingId, verdict, kind, scope, type, severity, rule, comment, state);
  }

  /** See {@link #noted}. */
  record Noted(
      String findingId,
      String verdict,
      String kind,
      String scope,
      String type,
      String severity,
      String rule,
      String comment,
      String state) {}

  static Feedback of(ResultSet row) throws SQLException {
    return new Feedback(
        row.getString("id"),
        row.getString("tenant"),
        row.getString("route"),
        row.getString("finding_id"),
        row.getString("verdict"),
        row.getString("kind"),
        row.getString("scope"),
        row.getString("type"),
        row.getString("severity"),
        row.getString("detector"),
        row.getString("rule"),
        row.getString("zone"),
        row.getString("evidence"),
        row.getString("text"),
        row.getString("comment"),
        row.getString("state"),
        row.getLong("revision"),
        row.getString("created_by"),
        row.getLong("created_at"),
        row.getString("changed_by"),
        row.getLong("changed_at"));
  }
}
