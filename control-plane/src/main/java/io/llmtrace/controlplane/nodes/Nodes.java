package io.llmtrace.controlplane.nodes;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.llmtrace.policies.json.WireJson;
import io.llmtrace.policies.wire.NodeSnapshot;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The newest snapshot of each node. Thread-safe. */
public final class Nodes {
  private static final Logger log = LoggerFactory.getLogger(Nodes.class);

  /** Three reports of five seconds missed. */
  private static final long SILENT_MILLIS = 15_000;

  /** A node as it last reported. */
  public record Node(NodeSnapshot snapshot, long receivedAt, boolean silent) {}

  /**
   * What does not balance in a node's books; 0 but for what is on its way.
   *
   * @param records that its process made, less those that wait there, that it told to be lost, and
   *     that came here
   * @param exchanges that the gateway logged two minutes ago or earlier, and whose inspection never
   *     came
   */
  public record Difference(String node, long records, long exchanges) {}

  private record Held(NodeSnapshot snapshot, long receivedAt) {}

  private final Supplier<Jdbi> jdbi;
  private final Map<String, Held> held = new ConcurrentHashMap<>();
  private final Map<String, Difference> differences = new ConcurrentHashMap<>();

  public Nodes(Supplier<Jdbi> jdbi) {
    this.jdbi = jdbi;
  }

  /**
   * Reads the snapshots that an earlier process, and other replicas, kept: a node that reports to
   * another one is not silent. To be called more often than nodes report late.
   */
  public void load(Jdbi from) {
    from.useHandle(
        handle -> {
          // What reports to this replica is held already, and most of them do: their settings are
          // not read again every few seconds.
          List<String> newer =
              handle
                  .createQuery(
                      "SELECT node, CAST(snapshot ->> 'at' AS bigint) AS at FROM instances")
                  .map((row, context) -> Map.entry(row.getString("node"), row.getLong("at")))
                  .stream()
                  .filter(stored -> isNewer(stored.getKey(), stored.getValue()))
                  .map(Map.Entry::getKey)
                  .toList();
          if (!newer.isEmpty()) {
            read(handle, newer);
          }
        });
  }

  private boolean isNewer(String node, long at) {
    Held known = held.get(node);
    return known == null || known.snapshot().at() < at;
  }

  private void read(Handle handle, List<String> nodes) {
    handle
        .createQuery(
            // An age, so that nothing depends on the database's clock being this one's.
            "SELECT snapshot::text AS s, CAST(extract(epoch FROM clock_timestamp() - received_at)"
                + " * 1000 AS bigint) AS age FROM instances WHERE node = ANY(:nodes)")
        .bindArray("nodes", String.class, nodes)
        .map(
            (row, context) ->
                Optional.ofNullable(
                    held(row.getString("s"), System.currentTimeMillis() - row.getLong("age"))))
        .forEach(one -> one.ifPresent(this::merge));
  }

  private void merge(Held stored) {
    String node = stored.snapshot().node();
    held.merge(
        node,
        stored,
        (mine, theirs) -> {
          if (theirs.snapshot().at() <= mine.snapshot().at()) {
            return mine;
          }
          // Its books are compared by the replica that it reports to; ours are of before.
          differences.remove(node);
          return theirs;
        });
  }

  /** Takes a snapshot; an older one than is held is left out. */
  public void accept(NodeSnapshot snapshot, String json) {
    long now = System.currentTimeMillis();
    // Memory first: gauges and /health stay right while the database is away.
    Held newest =
        held.merge(
            snapshot.node(),
            new Held(snapshot, now),
            (old, fresh) -> fresh.snapshot().at() >= old.snapshot().at() ? fresh : old);
    if (newest.snapshot().equals(snapshot)) {
      jdbi.get()
          .useHandle(
              handle -> {
                handle
                    .createUpdate(
                        "INSERT INTO instances (node, received_at, snapshot)"
                            + " VALUES (:node, now(), CAST(:json AS jsonb))"
                            + " ON CONFLICT (node) DO UPDATE SET"
                            + " received_at = now(), snapshot = excluded.snapshot")
                    .bind("node", snapshot.node())
                    .bind("json", json)
                    .execute();
                compare(handle, snapshot);
              });
    }
  }

  /** Holds what a node says that it made against what came. */
  private void compare(Handle handle, NodeSnapshot snapshot) {
    NodeSnapshot.Accounts accounts = snapshot.accounts();
    if (accounts == null) {
      differences.remove(snapshot.node());
      return;
    }
    handle
        .createQuery(
            "SELECT coalesce((SELECT records FROM received_records"
                + " WHERE node = :node AND boot_id = :boot), 0) AS received,"
                + " (SELECT count(*) FROM waiting_completions WHERE node = :node"
                + " AND since < now() - interval '2 minutes') AS alone")
        .bind("node", snapshot.node())
        .bind("boot", snapshot.bootId())
        .map(
            (row, context) ->
                new Difference(
                    snapshot.node(),
                    difference(accounts, row.getLong("received")),
                    row.getLong("alone")))
        .forEach(difference -> differences.put(difference.node(), difference));
  }

  /** What is on its way may be here already: that is no difference. */
  static long difference(NodeSnapshot.Accounts accounts, long received) {
    long difference = accounts.made() - accounts.waiting() - accounts.dropped() - received;
    return difference < 0 ? Math.min(0, difference + accounts.sending()) : difference;
  }

  /** Of the nodes that report and keep books. */
  public List<Difference> differences() {
    return all().stream()
        .filter(node -> !node.silent())
        .map(node -> Optional.ofNullable(differences.get(node.snapshot().node())))
        .flatMap(Optional::stream)
        .toList();
  }

  /** All nodes, by name. */
  public List<Node> all() {
    long now = System.currentTimeMillis();
    return held.values().stream()
        .map(
            one ->
                new Node(one.snapshot(), one.receivedAt(), now - one.receivedAt() > SILENT_MILLIS))
        .sorted(java.util.Comparator.comparing(node -> node.snapshot().node()))
        .toList();
  }

  /** Null for what is no snapshot of this version: a node's next report takes its place. */
  private static @Nullable Held held(String json, long receivedAt) {
    try {
      return new Held(WireJson.mapper().readValue(json, NodeSnapshot.class), receivedAt);
    } catch (JsonProcessingException e) {
      log.warn("A row of instances is left out, because it holds no snapshot: {}", e.toString());
      return null;
    }
  }
}
