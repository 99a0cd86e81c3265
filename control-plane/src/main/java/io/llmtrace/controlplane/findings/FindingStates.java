package io.llmtrace.controlplane.findings;

import io.llmtrace.controlplane.access.Caller;
import io.llmtrace.controlplane.http.Problem;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.statement.PreparedBatch;

/** Writes what people make of findings. Stateless. */
public final class FindingStates {
  private static final String KEY = "decision_id, origin, place, ";
  private static final String VALUES =
      "day, tenant, state, comment, revision, changed_by)"
          + " VALUES (:decision, :origin, :place, CAST(:day AS date), :tenant, :state, :comment,"
          + " :revision + 1, :actor)";

  private FindingStates() {}

  /** A state with what somebody said about it, as the audit shows it. */
  public record Said(String state, String comment) {}

  /**
   * Gives findings a state.
   *
   * @param rows as they were read in this transaction
   * @throws jakarta.ws.rs.WebApplicationException 412 when one of them was changed meanwhile
   */
  public static void change(
      Handle handle,
      Caller caller,
      List<FindingRows.Row> rows,
      FindingState state,
      String comment) {
    if (rows.isEmpty()) {
      return;
    }
    try (PreparedBatch upserts =
            handle.prepareBatch(
                "INSERT INTO finding_states ("
                    + KEY
                    + VALUES
                    + " ON CONFLICT (decision_id, origin, place) DO UPDATE SET"
                    + " state = excluded.state, comment = excluded.comment,"
                    + " revision = excluded.revision, changed_by = excluded.changed_by,"
                    + " changed_at = now() WHERE finding_states.revision = :revision");
        PreparedBatch history =
            handle.prepareBatch("INSERT INTO finding_changes (" + KEY + VALUES)) {
      for (FindingRows.Row row : rows) {
        bind(upserts, caller, row, state, comment);
        bind(history, caller, row, state, comment);
      }
      for (int count : upserts.execute()) {
        if (count == 0) {
          throw Problem.of(412, "a finding was changed meanwhile: read it again");
        }
      }
      int[] unused = history.execute();
    }
  }

  private static void bind(
      PreparedBatch batch, Caller caller, FindingRows.Row row, FindingState state, String comment) {
    batch
        .bind("decision", row.id().decisionId())
        .bind("origin", row.id().origin())
        .bind("place", row.id().place())
        .bind("day", row.id().day().toString())
        .bind("tenant", row.tenant())
        .bind("state", state.label())
        .bind("comment", comment)
        .bind("revision", row.revision())
        .bind("actor", caller.actor())
        .add();
  }

  /** Findings by tenant, since a row of the audit belongs to one. */
  static Map<String, List<FindingRows.Row>> byTenant(List<FindingRows.Row> rows) {
    Map<String, List<FindingRows.Row>> tenants = new LinkedHashMap<>();
    rows.forEach(row -> tenants.computeIfAbsent(row.tenant(), t -> new ArrayList<>()).add(row));
    return tenants;
  }

  /** Deletes what was said of findings that are no more; a day at a time. */
  public static void expire(Jdbi jdbi, LocalDate keptFrom) {
    List<LocalDate> days =
        jdbi.withHandle(
            handle ->
                handle
                    .createQuery(
                        "SELECT DISTINCT day FROM finding_changes WHERE day < CAST(:day AS date)")
                    .bind("day", keptFrom.toString())
                    .mapTo(LocalDate.class)
                    .list());
    for (LocalDate day : days) {
      for (String table : List.of("finding_states", "finding_changes")) {
        String on = "DATE '" + day + "'";
        jdbi.useHandle(
            handle ->
                handle.execute(
                    "DELETE FROM "
                        + table
                        + " s WHERE s.day = "
                        + on
                        + " AND NOT EXISTS (SELECT FROM findings f WHERE f.day = "
                        + on
                        + " AND f.decision_id = s.decision_id AND f.origin = s.origin"
                        + " AND f.place = s.place)"));
      }
    }
  }
}
