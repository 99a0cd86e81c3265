package io.llmtrace.controlplane.budgets;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.llmtrace.policies.json.WireJson;
import io.llmtrace.policies.limit.LeaseRequest;
import io.llmtrace.policies.limit.LeaseRequest.Demand;
import io.llmtrace.policies.limit.LimitKind;
import io.llmtrace.policies.limit.LimitLease;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;

/**
 * Gives nodes shares of limits. Of each limit the leases that have not ended never add up to more
 * than the whole: a node counts with the largest lease that it may still go by, until it says that
 * it goes by a newer one. The row of a limit is locked while shares are counted, so that it holds
 * over replicas too. Thread-safe.
 */
final class Leases {
  /** How long a node may go by a lease. */
  static final long LIFETIME_MILLIS = 15_000;

  /** Of a limit, shared evenly whatever was asked for, so that a quiet node can begin. */
  private static final double EVENLY = 0.1;

  private record Share(double reserved, double demand, double total) {}

  private final Supplier<Jdbi> jdbi;

  Leases(Supplier<Jdbi> jdbi) {
    this.jdbi = jdbi;
  }

  /**
   * What a process is given.
   *
   * @param now the database's clock, epoch milliseconds
   */
  record Given(List<LimitLease> leases, long now) {}

  /** Takes demands and gives leases; all or none. */
  Given lease(LeaseRequest request) {
    if (request.leaving()) {
      return leave(request);
    }
    return jdbi.get()
        .inTransaction(
            handle -> {
              // In one order everywhere, so that two requests never wait for each other.
              Map<String, Integer> places = new TreeMap<>();
              for (int i = 0; i < request.demands().size(); i++) {
                places.put(id(request.demands().get(i)), i);
              }
              Map<Integer, LimitLease> leases = new HashMap<>();
              long[] now = {millis(handle)};
              places.forEach(
                  (id, place) -> {
                    long revision = locked(handle, id);
                    // Read under the lock: a clock read before it would let a lease end too early.
                    now[0] = millis(handle);
                    leases.put(
                        place,
                        given(
                            handle,
                            id,
                            request.node(),
                            request.demands().get(place),
                            revision,
                            now[0]));
                  });
              List<LimitLease> ordered = new ArrayList<>();
              for (int i = 0; i < request.demands().size(); i++) {
                LimitLease lease = leases.get(i);
                if (lease != null) {
                  ordered.add(lease);
                }
              }
              return new Given(ordered, now[0]);
            });
  }

  /** What a process had is free; it goes by none of it any more. */
  private Given leave(LeaseRequest request) {
    return jdbi.get()
        .inTransaction(
            handle -> {
              request.demands().stream()
                  .map(Leases::id)
                  .sorted()
                  .forEach(
                      id ->
                          handle.execute(
                              "DELETE FROM lease_grants WHERE limit_id = ? AND node = ?",
                              id,
                              request.node()));
              return new Given(List.of(), millis(handle));
            });
  }

  /** Locks a limit to the end of the transaction; the number of its next lease. */
  static long locked(Handle handle, String id) {
    return handle
        .createQuery(
            "INSERT INTO lease_limits (id, revision) VALUES (:id, 1) ON CONFLICT (id) DO UPDATE SET"
                + " revision = lease_limits.revision + 1, used_at = now() RETURNING revision")
        .bind("id", id)
        .mapTo(Long.class)
        .one();
  }

  /** Forgets leases that ended, and those of a node that it goes by no more. */
  static void forget(Handle handle, String id, String node, long holds, long now) {
    // What was never given to a node is no reason to forget what was.
    handle.execute(
        "DELETE FROM lease_grants g WHERE limit_id = ? AND (not_after <= ?"
            + " OR (node = ? AND revision < ? AND EXISTS (SELECT FROM lease_grants h WHERE"
            + " h.limit_id = g.limit_id AND h.node = g.node AND h.revision = ?)))",
        id,
        now,
        node,
        holds,
        holds);
  }

  static void note(
      Handle handle,
      String id,
      String node,
      long revision,
      double granted,
      double demand,
      double total,
      long notAfter) {
    handle.execute(
        "INSERT INTO lease_grants (limit_id, node, revision, granted, demand, total, not_after)"
            + " VALUES (?, ?, ?, ?, ?, ?, ?)",
        id,
        node,
        revision,
        granted,
        demand,
        total,
        notAfter);
  }

  private static LimitLease given(
      Handle handle, String id, String node, Demand demand, long revision, long now) {
    forget(handle, id, node, demand.holds(), now);
    Map<String, Share> others = new LinkedHashMap<>();
    handle
        .createQuery(
            "SELECT node, max(granted) AS reserved,"
                + " (array_agg(demand ORDER BY revision DESC))[1] AS demand,"
                + " (array_agg(total ORDER BY revision DESC))[1] AS total"
                + " FROM lease_grants WHERE limit_id = :id AND node <> :node GROUP BY node")
        .bind("id", id)
        .bind("node", node)
        .map(
            (row, context) ->
                Map.entry(
                    row.getString("node"),
                    new Share(
                        row.getDouble("reserved"),
                        row.getDouble("demand"),
                        row.getDouble("total"))))
        .forEach(entry -> others.put(entry.getKey(), entry.getValue()));
    double granted = share(demand, new ArrayList<>(others.values()));
    long notAfter = now + LIFETIME_MILLIS;
    note(handle, id, node, revision, granted, demand.demand(), demand.total(), notAfter);
    return new LimitLease(
        demand.limit(), demand.key(), demand.kind(), demand.window(), granted, notAfter, revision);
  }

  /** Part of the limit by demand, and no more than what others leave of it. */
  private static double share(Demand own, List<Share> others) {
    double total = own.total();
    double demands = own.demand();
    double reserved = 0;
    for (Share other : others) {
      // While a change of the configuration is rolled out, the smaller one holds.
      total = Math.min(total, other.total());
      demands += other.demand();
      reserved += other.reserved();
    }
    double even = 1.0 / (others.size() + 1);
    double byDemand = demands > 0 ? own.demand() / demands : even;
    double wanted = total * (EVENLY * even + (1 - EVENLY) * byDemand);
    if (own.kind() == LimitKind.CONCURRENT) {
      // Half a place is none: nodes that are each given one half could run nothing.
      wanted = Math.round(wanted);
      return Math.max(0, Math.min(wanted, Math.floor(total - reserved)));
    }
    return Math.max(0, Math.min(wanted, total - reserved));
  }

  static long millis(Handle handle) {
    return handle
        .createQuery("SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000 AS bigint)")
        .mapTo(Long.class)
        .one();
  }

  /** The limit, its key, kind and window as one text; the same for every node. */
  static String id(Demand demand) {
    Map<String, String> key = new TreeMap<>();
    demand.key().forEach((dimension, value) -> key.put(dimension.label(), value));
    try {
      return WireJson.mapper()
          .writeValueAsString(
              List.of(
                  demand.limit(),
                  demand.kind().label(),
                  demand.window() == null ? "" : demand.window().label(),
                  key));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("names and keys of limits are text", e);
    }
  }

  /** Forgets limits that nobody asked for in a day. */
  void expire() {
    jdbi.get()
        .useHandle(
            handle ->
                handle.execute(
                    "DELETE FROM lease_limits l WHERE used_at < now() - interval '1 day'"));
  }
}
