package io.llmtrace.controlplane.alerts.people;

import io.llmtrace.controlplane.access.Caller;
import io.llmtrace.controlplane.access.Permission;
import io.llmtrace.controlplane.alerts.incidents.Incident;
import io.llmtrace.controlplane.alerts.incidents.IncidentStore;
import io.llmtrace.controlplane.http.JsonBody;
import io.llmtrace.controlplane.http.Problem;
import io.llmtrace.controlplane.query.Conditions;
import io.llmtrace.policies.id.Ulid;
import java.util.Optional;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/** What the resources of this package read alike. Stateless. */
final class Reading {
  static final int LONGEST_COMMENT = 1_000;

  private Reading() {}

  /** An incident that this caller may see, or 404. */
  static Incident incident(
      Handle handle, Caller caller, Permission permission, String id, String lock) {
    if (!Ulid.isValid(id)) {
      throw Problem.absent("incident");
    }
    Conditions conditions =
        Conditions.of(caller, permission, "tenant").and("id = :id").bind("id", id);
    return handle
        .createQuery(
            "SELECT "
                + IncidentStore.COLUMNS
                + " FROM alert_incidents WHERE true"
                + conditions.sql()
                + lock)
        .bindMap(conditions.binds())
        .map((row, context) -> IncidentStore.of(row))
        .findOne()
        .orElseThrow(() -> Problem.absent("incident"));
  }

  /** An incident whoever asks: for those who hold a link to it. */
  static Optional<Incident> linked(Handle handle, String id, String lock) {
    return handle
        .createQuery(
            "SELECT " + IncidentStore.COLUMNS + " FROM alert_incidents WHERE id = :id" + lock)
        .bind("id", id)
        .map((row, context) -> IncidentStore.of(row))
        .findOne();
  }

  static boolean isComment(String text) {
    return !text.isBlank()
        && text.length() <= LONGEST_COMMENT
        && text.chars().noneMatch(c -> Character.isISOControl(c) && c != '\n');
  }

  static @Nullable String comment(JsonBody body) {
    return body.text("comment", COMMENT, Reading::isComment);
  }

  static String requiredComment(JsonBody body) {
    return body.requiredText("comment", COMMENT, Reading::isComment);
  }

  static final String COMMENT = "a text of 1 to " + LONGEST_COMMENT + " characters";
}
