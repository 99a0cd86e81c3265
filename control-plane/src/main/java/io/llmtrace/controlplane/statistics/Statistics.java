package io.llmtrace.controlplane.statistics;

import io.llmtrace.controlplane.statistics.Measures.Sum;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.Query;
import org.jspecify.annotations.Nullable;

/**
 * Answers questions about sums. What was stored a moment ago is in the answer: each statement reads
 * the journal with the rollups, so that the fold between two of them changes no number. Stateless.
 */
final class Statistics {
  /** Groups with a line of their own at most; the rest is summed up as one. */
  static final int MOST_GROUPS = 1_000;

  /** What an answer has a line for. */
  enum By {
    TENANT(Dimension.TENANT),
    ROUTE(Dimension.ROUTE),
    CONSUMER(Dimension.CONSUMER),
    AGENT(Dimension.AGENT),
    /** All models of a provider together. */
    PROVIDER(Dimension.MODEL),
    MODEL(Dimension.MODEL),
    FINDING(Dimension.FINDING);

    final Dimension dimension;

    By(Dimension dimension) {
      this.dimension = dimension;
    }

    String label() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** How time is cut. */
  enum Grain {
    /** Not at all: one number for the whole time. */
    NONE,
    HOUR,
    DAY
  }

  /**
   * A question.
   *
   * @param by what the answer has a line for
   * @param tenants whose exchanges; null for all
   * @param key only this route, consumer, agent, provider or type of finding
   * @param key2 only this model or severity
   * @param from start of an hour or day, included
   * @param until start of an hour or day, not included
   * @param splitTenants whether lines of different tenants stay apart
   * @param limit lines at most, those with most exchanges
   */
  record Question(
      By by,
      @Nullable List<String> tenants,
      @Nullable String key,
      @Nullable String key2,
      Instant from,
      Instant until,
      Grain grain,
      boolean splitTenants,
      int limit) {

    /** Whether it is about all tenants and all names. */
    boolean ofAll() {
      return tenants == null && key == null && key2 == null;
    }

    /** By days as far as they answer it: a month is then thirty rows and not seven hundred. */
    List<TimeSlice> slices() {
      return grain == Grain.HOUR ? TimeSlice.hours(from, until) : TimeSlice.of(from, until);
    }
  }

  /**
   * A line of an answer.
   *
   * @param bucket start of its hour or day, or null for the whole time
   * @param tenant null where tenants are summed up
   */
  record Line(
      @Nullable Instant bucket, @Nullable String tenant, String key, String key2, Measures sums) {}

  /** Lines, and how many groups have none of their own. */
  record Answer(List<Line> lines, int groupsLeftOut) {}

  /** What a line is of; in order as {@code COLLATE "C"} has it. */
  record Group(@Nullable String tenant, String key, String key2) implements Comparable<Group> {
    @Override
    public int compareTo(Group other) {
      int order =
          ByCodePoint.compare(
              tenant == null ? "" : tenant, other.tenant == null ? "" : other.tenant);
      order = order != 0 ? order : ByCodePoint.compare(key, other.key);
      return order != 0 ? order : ByCodePoint.compare(key2, other.key2);
    }
  }

  /** Where sums of an answer belong; bucket as in {@link Line}, epoch milliseconds or 0. */
  record Slot(Group group, long bucket) {}

  private static final String SUMMED =
      "sum(cost_usd) AS cost_usd, NULL::bytea AS latency, "
          + Arrays.stream(Sum.values())
              .map(sum -> "CAST(sum(" + sum.column() + ") AS bigint) AS " + sum.column())
              .collect(Collectors.joining(", "));

  private Statistics() {}

  /** Which groups an answer has lines for, those with most exchanges, and how many there are. */
  private record Ranking(Set<Group> shown, int groups) {
    boolean all() {
      return groups == shown.size();
    }
  }

  /** Answers within the handle's transaction, which sees one state of the database throughout. */
  static Answer answer(Handle handle, Question question) {
    return question.ofAll() ? PackedStatistics.answer(handle, question) : ofRows(handle, question);
  }

  /** From the rows alone. */
  static Answer ofRows(Handle handle, Question question) {
    Ranking ranking = rank(handle, question);
    Map<Slot, Measures> slots = new LinkedHashMap<>();
    if (!ranking.shown().isEmpty()) {
      Scope scope = new Scope(question, question.slices(), ranking.all() ? null : ranking.shown());
      sums(handle, scope, ranking.shown(), slots);
      if (question.by() != By.FINDING) {
        latencies(handle, scope, slots);
      }
    }
    return new Answer(lines(question, slots), ranking.groups() - ranking.shown().size());
  }

  /** Of some groups out of many, from the rows: the index by key finds them. */
  static List<Line> linesOf(Handle handle, Question question, Set<Group> shown) {
    Map<Slot, Measures> slots = new LinkedHashMap<>();
    Scope scope = new Scope(question, question.slices(), shown);
    sums(handle, scope, shown, slots);
    if (question.by() != By.FINDING) {
      latencies(handle, scope, slots);
    }
    return lines(question, slots);
  }

  /** Adds the latencies of some groups out of many, from the rows. */
  static void addLatencies(Handle handle, Question question, Map<Slot, Measures> slots) {
    Set<Group> shown = new LinkedHashSet<>();
    slots.keySet().forEach(slot -> shown.add(slot.group()));
    latencies(handle, new Scope(question, question.slices(), shown), slots);
  }

  static List<Line> lines(Question question, Map<Slot, Measures> slots) {
    List<Line> lines = new ArrayList<>();
    slots.forEach(
        (slot, sums) ->
            lines.add(
                new Line(
                    question.grain() == Grain.NONE ? null : Instant.ofEpochMilli(slot.bucket()),
                    slot.group().tenant(),
                    slot.group().key(),
                    slot.group().key2(),
                    sums)));
    return lines;
  }

  /** Of many thousand groups most have no line: they cost two sums each, by days. */
  private static Ranking rank(Handle handle, Question question) {
    Scope scope = new Scope(question, TimeSlice.of(question.from(), question.until()), null);
    Set<Group> shown = new LinkedHashSet<>();
    int[] groups = {0};
    scope
        .query(
            handle,
            "SELECT count(*) OVER () AS groups, "
                + scope.grouping()
                + " FROM "
                + scope.rows("requests, findings")
                + " GROUP BY "
                + scope.grouping()
                + " ORDER BY sum(requests) + sum(findings) DESC, "
                + scope.order()
                + " LIMIT :limit")
        .bind("limit", question.limit())
        .map(
            (row, context) -> {
              groups[0] = row.getInt("groups");
              return group(row, question);
            })
        .forEach(shown::add);
    return new Ranking(shown, groups[0]);
  }

  private static void sums(
      Handle handle, Scope scope, Set<Group> shown, Map<Slot, Measures> slots) {
    String bucket = scope.question().grain() == Grain.NONE ? "" : "bucket, ";
    scope
        .query(
            handle,
            "SELECT "
                + bucket
                + scope.grouping()
                + ", "
                + SUMMED
                + " FROM "
                + scope.rows("cost_usd, " + String.join(", ", Statistics.sums()))
                + " GROUP BY "
                + bucket
                + scope.grouping()
                + " ORDER BY "
                + bucket
                + "sum(requests) + sum(findings) DESC, "
                + scope.order())
        .map(
            (row, context) -> {
              Measures sums = new Measures();
              RollupFold.add(sums, row);
              return Map.entry(slot(row, scope.question()), sums);
            })
        .forEach(
            entry -> {
              if (shown.contains(entry.getKey().group())) {
                slots.put(entry.getKey(), entry.getValue());
              }
            });
  }

  /** Percentiles are made for the lines that are shown only: sketches are large. */
  private static void latencies(Handle handle, Scope scope, Map<Slot, Measures> slots) {
    boolean total = scope.question().grain() == Grain.NONE;
    scope
        .query(
            handle,
            "SELECT "
                + (total ? "" : "bucket, ")
                + scope.grouping()
                + ", latency FROM "
                + scope.rows("latency")
                + " WHERE latency IS NOT NULL")
        .map((row, context) -> Map.entry(slot(row, scope.question()), row.getBytes("latency")))
        .forEach(
            entry -> {
              Measures sums = slots.get(entry.getKey());
              if (sums != null) {
                sums.addLatencies(entry.getValue());
              }
            });
  }

  private static Group group(ResultSet row, Question question) throws SQLException {
    return new Group(
        question.splitTenants() ? row.getString("tenant") : null,
        row.getString("key"),
        row.getString("key2"));
  }

  private static Slot slot(ResultSet row, Question question) throws SQLException {
    return slot(row, question, question.grain() != Grain.NONE);
  }

  /**
   * @param cut whether rows have a bucket
   */
  static Slot slot(ResultSet row, Question question, boolean cut) throws SQLException {
    return new Slot(
        group(row, question),
        cut ? row.getObject("bucket", OffsetDateTime.class).toInstant().toEpochMilli() : 0);
  }

  /**
   * The SQL of a question's parts.
   *
   * @param shown the groups that are asked for; null for all. It may bring others along
   */
  private record Scope(
      Question question, List<TimeSlice> slices, @Nullable Collection<Group> shown) {
    String grouping() {
      return (question.splitTenants() ? "tenant, " : "") + "key, key2";
    }

    String order() {
      return (question.splitTenants() ? "tenant COLLATE \"C\", " : "")
          + "key COLLATE \"C\", key2 COLLATE \"C\"";
    }

    /** Rollups with what the journal holds, of the question's time, tenants and keys. */
    String rows(String measures) {
      String columns =
          ", tenant, key, "
              + (question.by() == By.PROVIDER ? "'' AS key2" : "key2")
              + ", "
              + measures;
      boolean cut = question.grain() == Grain.DAY;
      String byDay = "date_trunc('day', bucket, 'UTC') AS bucket";
      return TimeSlice.rows(
          slices,
          slice -> (cut && !slice.days() ? byDay : "bucket") + columns,
          (cut ? byDay : "bucket") + columns,
          "dimension = :dimension"
              + (question.tenants() == null ? "" : " AND tenant = ANY(:tenants)")
              + (question.key() == null ? "" : " AND key = :key")
              + (question.key2() == null ? "" : " AND key2 = :key2")
              + (shown == null
                  ? ""
                  : question.splitTenants()
                      ? " AND tenant = ANY(:shown)"
                      : " AND key = ANY(:shown)"));
    }

    Query query(Handle handle, String sql) {
      Query query = handle.createQuery(sql).bind("dimension", question.by().dimension.label());
      query = TimeSlice.bind(query, slices);
      if (question.tenants() != null) {
        query.bindArray("tenants", String.class, question.tenants());
      }
      if (question.key() != null) {
        query.bind("key", question.key());
      }
      if (question.key2() != null) {
        query.bind("key2", question.key2());
      }
      if (shown != null) {
        query.bindArray(
            "shown",
            String.class,
            shown.stream()
                .map(group -> question.splitTenants() ? group.tenant() : group.key())
                .distinct()
                .toList());
      }
      return query;
    }
  }

  /** Names of the sums, as columns and in answers. */
  static List<String> sums() {
    return Arrays.stream(Sum.values()).map(Sum::column).toList();
  }
}
