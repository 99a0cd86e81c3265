package io.llmtrace.controlplane.feedback;

import io.llmtrace.controlplane.access.Caller;
import io.llmtrace.controlplane.access.Permission;
import io.llmtrace.controlplane.http.Problem;
import io.llmtrace.controlplane.query.Conditions;
import io.llmtrace.policies.id.Ulid;
import org.jdbi.v3.core.Handle;

/** Reads and writes feedback. Stateless. */
final class FeedbackStore {
  private FeedbackStore() {}

  static void insert(Handle handle, Feedback feedback) {
    handle
        .createUpdate(
            "INSERT INTO feedback (id, tenant, route, finding_id, verdict, kind, scope, type,"
                + " severity, detector, rule, zone, evidence, text, comment, created_by,"
                + " changed_by) VALUES (:id, :tenant, :route, :findingId, :verdict, :kind, :scope,"
                + " :type, :severity, :detector, :rule, :zone, :evidence, :text, :comment,"
                + " :createdBy, :changedBy)")
        .bindMethods(feedback)
        .execute();
  }

  /**
   * Feedback of the caller's tenants.
   *
   * @param lock ends the statement, such as {@code FOR UPDATE}
   * @throws jakarta.ws.rs.WebApplicationException 404
   */
  static Feedback find(
      Handle handle, Caller caller, Permission permission, String id, String lock) {
    if (!Ulid.isValid(id)) {
      throw Problem.absent("feedback");
    }
    Conditions own = Conditions.of(caller, permission, "tenant");
    return handle
        .createQuery(
            "SELECT " + Feedback.COLUMNS + " FROM feedback WHERE id = :id" + own.sql() + lock)
        .bindMap(own.binds())
        .bind("id", id)
        .map((row, context) -> Feedback.of(row))
        .findOne()
        .orElseThrow(() -> Problem.absent("feedback"));
  }

  static void settle(Handle handle, Caller caller, String id, String state) {
    handle
        .createUpdate(
            "UPDATE feedback SET state = :state, revision = revision + 1, changed_by = :actor,"
                + " changed_at = now() WHERE id = :id")
        .bind("state", state)
        .bind("actor", caller.actor())
        .bind("id", id)
        .execute();
  }
}
