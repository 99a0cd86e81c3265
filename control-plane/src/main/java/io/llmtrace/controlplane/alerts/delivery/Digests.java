package io.llmtrace.controlplane.alerts.delivery;

import static io.llmtrace.controlplane.alerts.delivery.DatabaseTime.bound;

import io.llmtrace.controlplane.alerts.notice.Notice;
import io.llmtrace.policies.detect.Severity;
import io.llmtrace.policies.id.Ulid;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/**
 * Makes one notice of many that wait for a channel. What is folded is never told by itself; the
 * digest is a row like any other, with its own id, and later notices of the incidents in it wait
 * for it. Thread-safe.
 */
final class Digests {
  /** In one statement, and within what a statement may take; the rest is for the next one. */
  private static final int MOST = 100_000;

  private static final int MOST_GROUPS = 12;
  private static final int MOST_LINES = 8;

  private final Ulid ids = new Ulid();

  /** What is told of one rule and severity. */
  private record Group(String rule, Severity severity, long notices, long incidents, long over) {}

  private record Whole(
      long notices,
      long incidents,
      long over,
      Severity worst,
      @Nullable String tenant,
      Instant since) {}

  /**
   * Folds what can be folded.
   *
   * @return the digest's row, or empty where there are less than two to fold
   */
  Optional<Long> fold(Handle handle, Lane lane, Instant now) {
    if (foldable(handle, lane) < 2) {
      return Optional.empty();
    }
    long id =
        handle
            .createQuery("SELECT nextval(pg_get_serial_sequence('alert_outbox', 'id'))")
            .mapTo(Long.class)
            .one();
    handle
        .createUpdate(
            "UPDATE alert_outbox SET state = 'folded', digest = :digest, ended_at = :now"
                + " WHERE id IN (SELECT o.id FROM alert_outbox o WHERE"
                + Claims.FOLDABLE
                + " ORDER BY o.id LIMIT :most FOR UPDATE OF o SKIP LOCKED)")
        .bind("digest", id)
        .bind("channel", lane.name())
        .bind("now", bound(now))
        .bind("most", MOST)
        .execute();
    Outbox.add(handle, id, lane.name(), notice(handle, lane, id, now));
    return Optional.of(id);
  }

  private static int foldable(Handle handle, Lane lane) {
    return handle
        .createQuery(
            "SELECT count(*) FROM (SELECT FROM alert_outbox o WHERE"
                + Claims.FOLDABLE
                + " LIMIT 2) o")
        .bind("channel", lane.name())
        .mapTo(Integer.class)
        .one();
  }

  private Notice notice(Handle handle, Lane lane, long digest, Instant now) {
    Whole whole = whole(handle, digest);
    List<Group> groups = groups(handle, digest);
    List<Notice.Fact> facts = new ArrayList<>();
    groups.stream()
        .limit(MOST_GROUPS)
        .forEach(
            group ->
                facts.add(
                    new Notice.Fact(
                        group.severity().label() + " " + group.rule(),
                        told(group.notices(), group.incidents(), group.over()))));
    if (groups.size() > MOST_GROUPS) {
      List<Group> rest = groups.subList(MOST_GROUPS, groups.size());
      facts.add(
          new Notice.Fact(
              "other rules",
              told(
                  rest.stream().mapToLong(Group::notices).sum(),
                  rest.stream().mapToLong(Group::incidents).sum(),
                  rest.stream().mapToLong(Group::over).sum())));
    }
    facts.addAll(lines(handle, digest));
    String id = ids.next();
    long open = whole.incidents() - whole.over();
    return new Notice(
        id,
        Notice.Kind.DIGEST,
        id,
        1,
        "digest",
        whole.worst(),
        whole.tenant(),
        whole.tenant() == null ? Map.of() : Map.of("tenant", whole.tenant()),
        told(whole.notices(), whole.incidents(), whole.over()),
        "More came up than the "
            + lane.perMinute()
            + " messages a minute of this channel. "
            + open
            + (open == 1 ? " incident goes on, " : " incidents go on, ")
            + whole.over()
            + (whole.over() == 1 ? " is over." : " are over."),
        "Each incident's page says what was done to its traffic.",
        null,
        whole.since(),
        now,
        null,
        null,
        facts,
        List.of(),
        Map.of());
  }

  private static String told(long notices, long incidents, long over) {
    return notices
        + " notices of "
        + incidents
        + (incidents == 1 ? " incident" : " incidents")
        + (over == 0 ? "" : ", " + over + " over");
  }

  /** The last that is folded of each incident says whether it is over. */
  private static final String LAST =
      "(SELECT DISTINCT ON (incident) id, incident, rule, severity, kind FROM alert_outbox"
          + " WHERE digest = :digest ORDER BY incident, number DESC)";

  private static Whole whole(Handle handle, long digest) {
    return handle
        .createQuery(
            "SELECT count(*) AS notices, (SELECT count(*) FROM "
                + LAST
                + " l) AS incidents, (SELECT count(*) FROM "
                + LAST
                + " l WHERE kind = 'resolved') AS over, max(severity) AS worst,"
                + " CASE WHEN count(*) = count(tenant) AND min(tenant) = max(tenant)"
                + " THEN min(tenant) END AS tenant, min(created_at) AS since"
                + " FROM alert_outbox WHERE digest = :digest")
        .bind("digest", digest)
        .map(
            (row, context) ->
                new Whole(
                    row.getLong("notices"),
                    row.getLong("incidents"),
                    row.getLong("over"),
                    Rank.severity(row.getInt("worst")),
                    row.getString("tenant"),
                    Objects.requireNonNull(Outbox.instant(row, "since"))))
        .one();
  }

  /** An incident whose severity rose is counted where it is by now; its notices where they were. */
  private static List<Group> groups(Handle handle, long digest) {
    return handle
        .createQuery(
            "SELECT rule, severity, sum(notices) AS notices, sum(incidents) AS incidents,"
                + " sum(over) AS over FROM (SELECT rule, severity, count(*) AS notices,"
                + " 0 AS incidents, 0 AS over FROM alert_outbox WHERE digest = :digest"
                + " GROUP BY rule, severity UNION ALL SELECT rule, severity, 0, count(*),"
                + " count(*) FILTER (WHERE kind = 'resolved') FROM "
                + LAST
                + " l GROUP BY rule, severity) g GROUP BY rule, severity"
                + " ORDER BY severity DESC, notices DESC, rule")
        .bind("digest", digest)
        .map(
            (row, context) ->
                new Group(
                    row.getString("rule"),
                    Rank.severity(row.getInt("severity")),
                    row.getLong("notices"),
                    row.getLong("incidents"),
                    row.getLong("over")))
        .list();
  }

  /** The worst that go on, and then what is over. */
  private static List<Notice.Fact> lines(Handle handle, long digest) {
    return handle
        .createQuery(
            "SELECT o.kind, o.severity, o.notice->>'title' AS title FROM (SELECT id, severity,"
                + " kind = 'resolved' AS over FROM "
                + LAST
                + " l ORDER BY 3, 2 DESC, 1 LIMIT :most) x JOIN alert_outbox o ON o.id = x.id"
                + " ORDER BY x.over, x.severity DESC, x.id")
        .bind("digest", digest)
        .bind("most", MOST_LINES)
        .map(
            (row, context) ->
                new Notice.Fact(
                    row.getString("kind") + ", " + Rank.severity(row.getInt("severity")).label(),
                    row.getString("title")))
        .list();
  }
}
