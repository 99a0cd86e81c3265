package io.llmtrace.controlplane.policies;

import io.llmtrace.controlplane.access.Caller;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Optional;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/**
 * The table of activations, in which rows are only ever added: each is the whole state of a policy
 * from then on. Whoever adds one holds the policy's row. Stateless.
 */
final class Activations {
  static final String STANDING = "a.active, a.candidate, a.rollout::text AS rollout, a.shadow";

  static final String COLUMNS =
      "a.id, CAST(extract(epoch FROM a.at) * 1000 AS bigint) AS at, a.actor, a.kind, a.standard,"
          + " a.back_to, a.message, "
          + STANDING;

  /** What was done. */
  enum Kind {
    ACTIVATE,
    ROLL_BACK,
    DEACTIVATE,
    ROLLOUT,
    ROLLOUT_CANCEL,
    ROLLOUT_FINISH,
    SHADOW,
    SHADOW_STOP,
    STANDARD;

    String label() {
      return name().toLowerCase(java.util.Locale.ROOT);
    }
  }

  /**
   * A row.
   *
   * @param at epoch milliseconds
   * @param backTo the row whose active version comes back with a roll back; null where there is
   *     none
   */
  record Activation(
      long id,
      long at,
      String actor,
      String kind,
      Standing standing,
      boolean standard,
      @Nullable Long backTo,
      String message) {}

  private Activations() {}

  static Standing standing(ResultSet row) throws SQLException {
    String rollout = row.getString("rollout");
    return new Standing(
        row.getObject("active", Integer.class),
        row.getObject("candidate", Integer.class),
        rollout == null ? null : Rollout.of(rollout),
        row.getObject("shadow", Integer.class));
  }

  static Activation of(ResultSet row) throws SQLException {
    return new Activation(
        row.getLong("id"),
        row.getLong("at"),
        row.getString("actor"),
        row.getString("kind"),
        standing(row),
        row.getBoolean("standard"),
        row.getObject("back_to", Long.class),
        row.getString("message"));
  }

  /** The newest row of a policy. */
  static Optional<Activation> newest(Handle handle, String policy) {
    return handle
        .createQuery(
            "SELECT "
                + COLUMNS
                + " FROM policy_activations a WHERE a.policy = :policy ORDER BY a.id DESC LIMIT 1")
        .bind("policy", policy)
        .map((row, context) -> of(row))
        .findOne();
  }

  static Optional<Activation> find(Handle handle, long id) {
    return handle
        .createQuery("SELECT " + COLUMNS + " FROM policy_activations a WHERE a.id = :id")
        .bind("id", id)
        .map((row, context) -> of(row))
        .findOne();
  }

  /** Adds a row. */
  static void append(
      Handle handle,
      Caller caller,
      PolicyRow policy,
      Kind kind,
      Standing standing,
      @Nullable Long backTo,
      String message) {
    Rollout rollout = standing.rollout();
    handle
        .createUpdate(
            "INSERT INTO policy_activations (policy, tenant, actor, kind, active, candidate,"
                + " rollout, shadow, standard, back_to, message) VALUES (:policy, :tenant, :actor,"
                + " :kind, :active, :candidate, CAST(:rollout AS jsonb), :shadow, :standard,"
                + " :back, :message)")
        .bind("policy", policy.id())
        .bind("tenant", policy.tenant())
        .bind("actor", caller.actor())
        .bind("kind", kind.label())
        .bind("active", standing.active())
        .bind("candidate", standing.candidate())
        .bind("rollout", rollout == null ? null : rollout.json().toString())
        .bind("shadow", standing.shadow())
        .bind("standard", policy.standard())
        .bind("back", backTo)
        .bind("message", message)
        .execute();
  }
}
