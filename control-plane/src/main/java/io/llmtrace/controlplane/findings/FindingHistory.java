package io.llmtrace.controlplane.findings;

import io.llmtrace.controlplane.http.Cursor;
import io.llmtrace.controlplane.http.Page;
import java.util.List;
import org.jdbi.v3.core.Handle;

/** What was said about a finding over time. Stateless. */
final class FindingHistory {
  private FindingHistory() {}

  /**
   * One change.
   *
   * @param revision that it made, from 1
   * @param changedAt epoch milliseconds
   */
  public record FindingNote(
      long revision, String state, String comment, String changedBy, long changedAt) {}

  /** Changes before a revision, newest first. */
  static Page<FindingNote> page(Handle handle, FindingRows.Row finding, int limit, long before) {
    List<FindingNote> entries =
        handle
            .createQuery(
                "SELECT revision, state, comment, changed_by,"
                    + " CAST(extract(epoch FROM changed_at) * 1000 AS bigint) AS changed_at"
                    + " FROM finding_changes WHERE decision_id = :decision AND origin = :origin"
                    + " AND place = :place AND tenant = :tenant AND revision < :before"
                    + " ORDER BY revision DESC LIMIT :most")
            .bind("decision", finding.id().decisionId())
            .bind("origin", finding.id().origin())
            .bind("place", finding.id().place())
            .bind("tenant", finding.tenant())
            .bind("before", before)
            .bind("most", limit + 1)
            .map(
                (row, context) ->
                    new FindingNote(
                        row.getLong("revision"),
                        row.getString("state"),
                        row.getString("comment"),
                        row.getString("changed_by"),
                        row.getLong("changed_at")))
            .list();
    return Page.of(entries, limit, last -> Cursor.after(Long.toString(last.revision())));
  }
}
