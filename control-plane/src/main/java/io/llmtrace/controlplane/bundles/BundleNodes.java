package io.llmtrace.controlplane.bundles;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import io.llmtrace.controlplane.access.ScopeText;
import io.llmtrace.controlplane.http.Problem;
import io.llmtrace.controlplane.storage.StorableJson;
import io.llmtrace.policies.json.WireJson;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/** What instances run and what they should, as far as they asked. Stateless. */
final class BundleNodes {
  private static final TypeReference<Map<String, String>> LABELS = new TypeReference<>() {};

  /** Instances that asked lately. */
  private static final String LATELY = "seen_at > now() - interval '1 day'";

  /** Names with keys for the same tenants; as many as may wait on a replica. */
  private static final int MOST_OF_SCOPE = 2_000;

  private static final int MOST = 10_000;
  private static final int BUSY_SECONDS = 60;

  /**
   * An instance.
   *
   * @param wantedDigest what it should run, when that was last looked at
   */
  record Known(Poll poll, @Nullable String runningDigest, @Nullable String wantedDigest) {}

  private BundleNodes() {}

  /** Notes what an instance said, and what it is to have. */
  static void asked(Handle handle, Poll poll, Tag wanted) {
    Tag running = poll.running();
    Poll.Refusal refused = poll.refused();
    handle
        .createUpdate(
            "INSERT INTO bundle_nodes AS n (node, scope, labels, running_revision, running_digest,"
                + " wanted_revision, wanted_digest, behind_since, refused, refused_revision,"
                + " refused_detail, refused_at, seen_at) VALUES (:node, :scope,"
                + " CAST(:labels AS jsonb), :revision, :digest, :wanted, :wantedDigest,"
                + " CASE WHEN :behind THEN now() END, :refused, :refusedRevision, :refusedDetail,"
                + " CASE WHEN CAST(:refused AS text) IS NOT NULL THEN now() END, now())"
                + " ON CONFLICT (node, md5(scope)) DO UPDATE SET"
                + " labels = excluded.labels, running_revision = excluded.running_revision,"
                + " running_digest = excluded.running_digest,"
                + " wanted_revision = excluded.wanted_revision,"
                + " wanted_digest = excluded.wanted_digest,"
                + " behind_since = CASE WHEN :behind THEN coalesce(n.behind_since, now()) END,"
                + " refused = excluded.refused, refused_revision = excluded.refused_revision,"
                + " refused_detail = excluded.refused_detail,"
                + " refused_at = CASE WHEN excluded.refused IS NOT NULL THEN"
                + " coalesce(n.refused_at, now()) END, seen_at = now()")
        .bind("node", poll.node())
        .bind("scope", poll.scope())
        .bind("labels", StorableJson.of(json(poll.labels())))
        .bind("revision", running == null ? 0 : running.revision())
        .bind("digest", running == null ? null : running.digest())
        .bind("wanted", wanted.revision())
        .bind("wantedDigest", wanted.digest())
        .bind("behind", !wanted.equals(running))
        .bind("refused", refused == null ? null : refused.reason())
        .bind("refusedRevision", refused == null ? null : refused.revision())
        .bind("refusedDetail", refused == null ? null : refused.detail())
        .execute();
  }

  /** Instances that asked lately, as they asked. */
  static List<Known> all(Handle handle) {
    return handle
        .createQuery(
            "SELECT node, scope, labels::text AS labels, running_digest, wanted_digest"
                + " FROM bundle_nodes WHERE "
                + LATELY)
        .map(
            (row, context) ->
                new Known(
                    new Poll(
                        row.getString("node"),
                        ScopeText.read(row.getString("scope")),
                        labels(row.getString("labels")),
                        null,
                        null),
                    row.getString("running_digest"),
                    row.getString("wanted_digest")))
        .list();
  }

  /**
   * Refuses a name that is not known where too many are: a key may be in the wrong hands.
   *
   * @throws jakarta.ws.rs.WebApplicationException 429
   */
  static void admit(Handle handle, Poll poll) {
    if (isKnown(handle, poll)) {
      return;
    }
    // One at a time, so that the count holds.
    handle.execute(Revisions.LOCK);
    if (isKnown(handle, poll)) {
      return;
    }
    if (full(handle, poll) != null) {
      handle.execute("DELETE FROM bundle_nodes WHERE NOT (" + LATELY + ")");
      String full = full(handle, poll);
      if (full != null) {
        throw Problem.busy(
            "node: "
                + full
                + " asked within a day, which is the most; a name that does not ask for a day makes"
                + " room",
            BUSY_SECONDS);
      }
    }
  }

  private static boolean isKnown(Handle handle, Poll poll) {
    return handle
        .createQuery(
            "SELECT EXISTS (SELECT FROM bundle_nodes WHERE node = :node"
                + " AND md5(scope) = md5(:scope))")
        .bind("node", poll.node())
        .bind("scope", poll.scope())
        .mapTo(Boolean.class)
        .one();
  }

  /** What there is too much of; null where there is room. */
  private static @Nullable String full(Handle handle, Poll poll) {
    return handle
        .createQuery(
            "SELECT count(*) AS every, count(*) FILTER (WHERE scope = :scope) AS own"
                + " FROM bundle_nodes")
        .bind("scope", poll.scope())
        .map(
            (row, context) ->
                Optional.ofNullable(
                    row.getLong("own") >= MOST_OF_SCOPE
                        ? MOST_OF_SCOPE + " names with keys for these tenants"
                        : row.getLong("every") >= MOST ? MOST + " names" : null))
        .one()
        .orElse(null);
  }

  /** Notes that an instance should run something else than it was last given. */
  static void wants(Handle handle, Poll poll, String digest) {
    handle
        .createUpdate(
            "UPDATE bundle_nodes SET wanted_revision = NULL, wanted_digest = :digest, behind_since"
                + " = CASE WHEN running_digest IS DISTINCT FROM :digest"
                + " THEN coalesce(behind_since, now()) END"
                + " WHERE node = :node AND md5(scope) = md5(:scope) AND wanted_digest IS DISTINCT FROM :digest")
        .bind("node", poll.node())
        .bind("scope", poll.scope())
        .bind("digest", digest)
        .execute();
  }

  /** Forgets what nobody will ask for any more. */
  static void expire(Handle handle) {
    // Nobody may be given what is just being forgotten.
    handle.execute(Revisions.LOCK);
    handle.execute("DELETE FROM bundle_nodes WHERE seen_at < now() - interval '30 days'");
    // Who still asks was given a newer number: each is renewed within RENEWAL_MILLIS.
    handle.execute(
        "DELETE FROM bundle_revisions r WHERE at < now() - interval '400 days' AND (EXISTS (SELECT"
            + " FROM bundle_revisions later WHERE later.node = r.node AND later.scope = r.scope"
            + " AND later.revision > r.revision) OR NOT EXISTS (SELECT FROM bundle_nodes n"
            + " WHERE n.node = r.node AND n.scope = r.scope))");
    handle.execute(
        "DELETE FROM bundle_contents c WHERE NOT EXISTS (SELECT FROM bundle_revisions r"
            + " WHERE r.digest = c.digest)");
  }

  private static String json(Map<String, String> labels) {
    try {
      return WireJson.mapper().writeValueAsString(labels);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("labels are text", e);
    }
  }

  private static Map<String, String> labels(String json) {
    try {
      return WireJson.mapper().readValue(json, LABELS);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("stored labels are no JSON", e);
    }
  }
}
