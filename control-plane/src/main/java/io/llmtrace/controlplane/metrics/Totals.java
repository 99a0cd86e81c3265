package io.llmtrace.controlplane.metrics;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import io.llmtrace.controlplane.storage.StorableJson;
import io.llmtrace.policies.json.WireJson;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;

/**
 * Counted totals of this replica's slot: written inside the transaction that counts, added to
 * memory after its commit, read back at start. Thread-safe.
 */
public final class Totals {
  private static final TypeReference<List<String>> STRINGS = new TypeReference<>() {};

  static final int VALUES_OF_A_LABEL = 200;
  static final int SERIES_OF_A_METRIC = 10_000;

  private final String slot;
  private final ReadWriteLock counting = new ReentrantReadWriteLock();
  private volatile boolean unsure;
  private final Map<Series, Double> values = new HashMap<>();
  private final Map<String, Set<String>> admitted = new HashMap<>();
  private final Map<String, Integer> seriesOfMetric = new HashMap<>();
  private final Set<Series> reserved = new HashSet<>();

  /** Whose requests have a stored series of each status: labels but for the status. */
  private final Set<List<String>> begun = new HashSet<>();

  /**
   * @param slot name of this replica, the same after a restart
   */
  public Totals(String slot) {
    this.slot = slot;
  }

  /** What is done in a transaction that counts. */
  @FunctionalInterface
  public interface Counting<T> {
    T in(Handle handle, Deltas deltas) throws SQLException;
  }

  /**
   * Does work in a transaction whose deltas are stored with it, and shown once it is committed.
   * Where nobody can say whether it was (a connection that broke), the totals are read again before
   * anything else is counted.
   */
  public <T> T count(Jdbi jdbi, Counting<T> work) throws SQLException {
    if (unsure) {
      load(jdbi);
    }
    Deltas deltas = new Deltas(this);
    boolean[] writing = {false};
    try {
      T result =
          jdbi.inTransaction(
              handle -> {
                T done = work.in(handle, deltas);
                // Shared, because transactions that count do not mind each other; what is read
                // again must not hold what one of them is about to add. Only from here on: work
                // may take long, and whoever reads again would wait for it, and all behind him.
                counting.readLock().lock();
                writing[0] = true;
                write(handle, deltas);
                return done;
              });
      committed(deltas);
      return result;
    } catch (RuntimeException | SQLException e) {
      // What failed before is not stored for sure.
      unsure |= writing[0];
      throw e;
    } finally {
      if (writing[0]) {
        counting.readLock().unlock();
      }
    }
  }

  /** Reads the totals of an earlier process, or what became of those of this one. */
  public void load(Jdbi jdbi) {
    // The connection first, as who counts does: each would wait for what the other has.
    jdbi.useHandle(
        handle -> {
          counting.writeLock().lock();
          try {
            Map<Series, Double> stored = new HashMap<>();
            handle
                .createQuery("SELECT metric, labels, value FROM metric_totals WHERE slot = :slot")
                .bind("slot", slot)
                .map(
                    (row, context) ->
                        Map.entry(
                            new Series(row.getString("metric"), strings(row.getString("labels"))),
                            row.getDouble("value")))
                .forEach(entry -> stored.put(entry.getKey(), entry.getValue()));
            replace(stored);
            unsure = false;
          } finally {
            counting.writeLock().unlock();
          }
        });
  }

  /** Whoever reads the metrics meanwhile waits for this, and not for the database. */
  private synchronized void replace(Map<Series, Double> stored) {
    values.clear();
    values.putAll(stored);
    begun.clear();
    for (Series series : stored.keySet()) {
      reserve(series);
      List<String> keys = Names.keys(series.metric());
      for (int i = 0; i < Math.min(keys.size(), series.labels().size()); i++) {
        String unused = admit(keys.get(i), series.labels().get(i));
      }
    }
  }

  /** The value itself while the label has room, else {@code other}. */
  public synchronized String admit(String label, String value) {
    String text = value.isEmpty() && !label.equals("reason") ? "unknown" : value;
    Set<String> known = admitted.computeIfAbsent(label, key -> new HashSet<>());
    if (known.contains(text) || known.size() < VALUES_OF_A_LABEL) {
      known.add(text);
      return text;
    }
    return "other";
  }

  /** The value if the label has it already, else {@code other}. */
  public synchronized String known(String label, String value) {
    return admitted.getOrDefault(label, Set.of()).contains(value) ? value : "other";
  }

  /** The series itself while its metric has room, else the one whose labels all say other. */
  synchronized Series room(Series series) {
    if (reserved.contains(series)
        || seriesOfMetric.getOrDefault(series.metric(), 0) < SERIES_OF_A_METRIC) {
      reserve(series);
      return series;
    }
    List<String> keys = Names.keys(series.metric());
    List<String> other = new java.util.ArrayList<>(series.labels());
    for (int i = 0; i < keys.size(); i++) {
      other.set(i, "other");
    }
    return new Series(series.metric(), other);
  }

  /** Whether the requests of somebody have a stored series of each status. */
  synchronized boolean hasBegun(List<String> whose) {
    return begun.contains(whose);
  }

  private void reserve(Series series) {
    if (reserved.add(series)) {
      seriesOfMetric.merge(series.metric(), 1, Integer::sum);
    }
  }

  /** Writes deltas; rows in one order, so that two transactions never wait for each other. */
  public void write(Handle handle, Deltas deltas) {
    if (deltas.values().isEmpty()) {
      return;
    }
    List<Map.Entry<Series, double[]>> rows = List.copyOf(deltas.values().entrySet());
    handle
        .createUpdate(
            "INSERT INTO metric_totals AS t (slot, metric, labels, value)"
                + " SELECT :slot, metric, labels, value"
                + " FROM unnest(:metrics, :labels, :values) AS r(metric, labels, value)"
                + " ORDER BY metric, labels ON CONFLICT (slot, metric, labels)"
                + " DO UPDATE SET value = t.value + excluded.value")
        .bind("slot", slot)
        .bindArray("metrics", String.class, rows.stream().map(r -> r.getKey().metric()).toList())
        .bindArray(
            "labels", String.class, rows.stream().map(r -> json(r.getKey().labels())).toList())
        .bindArray("values", Double.class, rows.stream().map(r -> r.getValue()[0]).toList())
        .execute();
  }

  /** Adds what was committed. */
  public synchronized void committed(Deltas deltas) {
    deltas.values().forEach((series, delta) -> values.merge(series, delta[0], Double::sum));
    // Bounded: who is not in it is asked again, and stored again as 0.
    if (begun.size() < SERIES_OF_A_METRIC) {
      begun.addAll(deltas.begun());
    }
  }

  synchronized Map<Series, Double> snapshot() {
    return new HashMap<>(values);
  }

  private static String json(Object value) {
    try {
      return StorableJson.of(WireJson.mapper().writeValueAsString(value));
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("not to be written as JSON", e);
    }
  }

  private static List<String> strings(String text) {
    try {
      return WireJson.mapper().readValue(text, STRINGS);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a row of metric_totals has no list of labels", e);
    }
  }
}
