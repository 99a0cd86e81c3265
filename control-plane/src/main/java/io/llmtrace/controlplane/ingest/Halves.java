package io.llmtrace.controlplane.ingest;

import io.llmtrace.controlplane.ingest.Prepared.Row;
import io.llmtrace.controlplane.metrics.Asked;
import io.llmtrace.controlplane.statistics.RollupJournal;
import io.llmtrace.controlplane.storage.RetentionClass;
import io.llmtrace.policies.wire.InspectionRecord;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/** What is known in the database of exchanges whose other half is at hand. */
final class Halves {
  /** An exchange is settled without a completion that has not come by then. */
  static final int COMPLETION_MINUTES = 15;

  /** From here on a completion and the sweep may meet; see {@code settled_late}. */
  static final int LATE_MINUTES = COMPLETION_MINUTES - 1;

  /** Columns that {@link #first} reads. */
  static final String COLUMNS =
      "e.decision_id, e.day, e.retention, e.tenant, e.route, e.consumer, e.agent, e.provider,"
          + " e.model, e.dialect";

  /**
   * The first half of an exchange, as far as its completion needs it.
   *
   * @param asked null where the exchange never came
   * @param late whether the sweep may have settled it without its completion
   */
  record First(
      RetentionClass retention, RollupJournal.Keys keys, @Nullable Asked asked, boolean late) {
    /** Of a completion whose exchange never came. */
    static final First NONE =
        new First(
            RetentionClass.STANDARD, new RollupJournal.Keys("", "", "", "", "", ""), null, false);

    static First of(RetentionClass retention, InspectionRecord record) {
      return new First(retention, RollupJournal.Keys.of(record), Asked.of(record), false);
    }
  }

  private Halves() {}

  static First first(ResultSet row, boolean late) throws SQLException {
    RollupJournal.Keys keys =
        new RollupJournal.Keys(
            row.getString("tenant"),
            row.getString("route"),
            row.getString("consumer"),
            row.getString("agent"),
            row.getString("provider"),
            row.getString("model"));
    return new First(
        RetentionClass.of(row.getString("retention")),
        keys,
        Asked.of(
            keys.provider(), keys.model(), keys.route(), keys.tenant(), row.getString("dialect")),
        late);
  }

  /** Exchanges that are stored, of those with these ids and days. */
  static Map<String, First> stored(Handle handle, Ids ids) {
    Map<String, First> found = new HashMap<>();
    if (ids.ids().isEmpty()) {
      return found;
    }
    handle
        .createQuery(
            "SELECT "
                + COLUMNS
                + ", e.received_at < now() - make_interval(mins => :minutes) AS late"
                + " FROM exchanges e WHERE e.day = ANY(CAST(:days AS date[])) AND e.decision_id = ANY(:ids)")
        .bind("minutes", LATE_MINUTES)
        .bindArray("days", String.class, ids.days())
        .bindArray("ids", String.class, ids.ids())
        .map(
            (row, context) ->
                Map.entry(row.getString("decision_id"), first(row, row.getBoolean("late"))))
        .forEach(entry -> found.put(entry.getKey(), entry.getValue()));
    return found;
  }

  /**
   * Ids that a table has already. A table refuses a second row of an id in the same class by
   * itself, so only the others are looked through where it is known which one a row will be of;
   * they are empty but for tenants whose class was changed.
   *
   * @param stored the class that a row of an id will be stored in; null where it may be in any
   */
  static Set<String> known(
      Handle handle,
      String table,
      Map<String, ? extends Row<?>> rows,
      Function<String, @Nullable RetentionClass> stored) {
    Map<Optional<RetentionClass>, Map<String, Row<?>>> apart = new HashMap<>();
    rows.forEach(
        (id, row) ->
            apart
                .computeIfAbsent(Optional.ofNullable(stored.apply(id)), key -> new HashMap<>())
                .put(id, row));
    Set<String> known = new HashSet<>();
    apart.forEach(
        (own, some) -> {
          Ids ids = Ids.of(some);
          handle
              .createQuery(
                  "SELECT decision_id FROM "
                      + table
                      + " WHERE "
                      + own.map(Halves::others).orElse("")
                      + "day = ANY(CAST(:days AS date[])) AND decision_id = ANY(:ids)")
              .bindArray("days", String.class, ids.days())
              .bindArray("ids", String.class, ids.ids())
              .mapTo(String.class)
              .forEach(known::add);
        });
    return known;
  }

  /** In the text, so that the planner leaves the partitions of the class itself out. */
  private static String others(RetentionClass own) {
    return Arrays.stream(RetentionClass.values())
        .filter(each -> each != own)
        .map(each -> "'" + each.label() + "'")
        .collect(Collectors.joining(", ", "retention IN (", ") AND "));
  }

  /** Decision ids with the days that they tell, so that few partitions are asked. */
  record Ids(List<String> ids, List<String> days) {
    static Ids of(Map<String, ? extends Row<?>> rows) {
      return new Ids(
          List.copyOf(rows.keySet()),
          rows.values().stream().map(row -> row.day().toString()).distinct().toList());
    }
  }
}
