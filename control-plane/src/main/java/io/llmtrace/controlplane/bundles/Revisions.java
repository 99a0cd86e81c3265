package io.llmtrace.controlplane.bundles;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.llmtrace.policies.json.WireJson;
import java.util.Optional;
import org.jdbi.v3.core.Handle;

/**
 * Numbers of bundles. Of an instance (and the tenants that its key is for) they only grow, also
 * when what it is given is what it had before; and no number is used twice on any instance, so that
 * a record's revision names the versions that decided. Stateless.
 */
final class Revisions {
  /** A bundle is given anew under a new number when half of its life is over. */
  static final long RENEWAL_MILLIS = Bundles.LIFETIME.toMillis() / 2;

  /** Held to the end of a transaction that adds or forgets numbers. */
  static final String LOCK =
      "SELECT pg_advisory_xact_lock(hashtextextended('llmtrace.bundles', 0))";

  /**
   * A number that was given.
   *
   * @param ageMillis since it was given
   */
  private record Given(long revision, String digest, String keyring, long ageMillis) {}

  private Revisions() {}

  /**
   * The number under which an instance is given something: its last one if nothing changed.
   *
   * @param keyring public keys that bundles name
   * @param settledMillis for how long a number stays, whatever else than the policies has changed:
   *     two replicas with different keys must not take turns
   */
  static long of(
      Handle handle, Poll poll, Contents.Content content, String keyring, long settledMillis) {
    Optional<Given> last = last(handle, poll);
    if (last.isPresent() && holds(last.get(), poll, content, keyring, settledMillis)) {
      return last.get().revision();
    }
    // One at a time over all replicas; what another one gave meanwhile is looked at again.
    handle.execute(LOCK);
    last = last(handle, poll);
    if (last.isPresent() && holds(last.get(), poll, content, keyring, settledMillis)) {
      return last.get().revision();
    }
    handle
        .createUpdate(
            "INSERT INTO bundle_contents (digest, versions) VALUES (:digest,"
                + " CAST(:versions AS jsonb)) ON CONFLICT DO NOTHING")
        .bind("digest", content.digest())
        .bind("versions", versions(content))
        .execute();
    return handle
        .createQuery(
            "INSERT INTO bundle_revisions (revision, node, scope, digest, keyring)"
                + " SELECT greatest(coalesce(max(revision), 0) + 1,"
                + " CAST(extract(epoch FROM clock_timestamp()) * 1000 AS bigint)),"
                + " :node, :scope, :digest, :keyring FROM bundle_revisions RETURNING revision")
        .bind("node", poll.node())
        .bind("scope", poll.scope())
        .bind("digest", content.digest())
        .bind("keyring", keyring)
        .mapTo(Long.class)
        .one();
  }

  /** The largest number that was given; 0 where none was. */
  static long newest(Handle handle) {
    return handle
        .createQuery("SELECT coalesce(max(revision), 0) FROM bundle_revisions")
        .mapTo(Long.class)
        .one();
  }

  private static Optional<Given> last(Handle handle, Poll poll) {
    return handle
        .createQuery(
            "SELECT revision, digest, keyring, CAST(extract(epoch FROM clock_timestamp() - at)"
                + " * 1000 AS bigint) AS age FROM bundle_revisions WHERE node = :node"
                + " AND scope = :scope ORDER BY revision DESC LIMIT 1")
        .bind("node", poll.node())
        .bind("scope", poll.scope())
        .map(
            (row, context) ->
                new Given(
                    row.getLong("revision"),
                    row.getString("digest"),
                    row.getString("keyring"),
                    row.getLong("age")))
        .findOne();
  }

  private static boolean holds(
      Given last, Poll poll, Contents.Content content, String keyring, long settledMillis) {
    if (!last.digest().equals(content.digest())) {
      return false;
    }
    // An instance ahead of what is known here: the database is older than it, and whatever it is
    // given under an old number it would take for a replay.
    boolean ahead = floor(poll) > last.revision();
    boolean other = ahead || !last.keyring().equals(keyring) || last.ageMillis() > RENEWAL_MILLIS;
    return !other || last.ageMillis() < settledMillis;
  }

  /**
   * The least number below which an instance takes nothing. It may be more than it runs: an
   * instance whose bundle on disk is damaged runs none, and still refuses the numbers it had.
   */
  private static long floor(Poll poll) {
    Tag running = poll.running();
    Poll.Refusal refused = poll.refused();
    long runs = running == null ? 0 : running.revision();
    return refused != null && refused.reason().equals(Poll.Refusal.NOT_NEWER)
        ? Math.max(runs, refused.revision() + 1)
        : runs;
  }

  private static String versions(Contents.Content content) {
    try {
      return WireJson.mapper().writeValueAsString(content.chosen());
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("names of versions are text", e);
    }
  }
}
