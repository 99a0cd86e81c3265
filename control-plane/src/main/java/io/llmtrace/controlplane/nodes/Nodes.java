package io.llmtrace.controlplane.nodes;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.llmtrace.controlplane.access.ScopeText;
import io.llmtrace.controlplane.access.TenantScope;
import io.llmtrace.controlplane.http.Problem;
import io.llmtrace.policies.json.WireJson;
import io.llmtrace.policies.wire.NodeSnapshot;
import java.time.Duration;
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

  /** Until then a name belongs to who used it, whatever others say. */
  private static final long TAKEN_MILLIS = Duration.ofMinutes(15).toMillis();

  /** A node that is silent for so long was taken away. */
  private static final long FORGOTTEN_MILLIS = Duration.ofDays(1).toMillis();

  /** Names with keys for the same tenants. */
  private static final int MOST_OF_SCOPE = 2_000;

  private static final int MOST = 10_000;
  private static final int BUSY_SECONDS = 60;

  /** Objects take several times the characters that they are made of. */
  private static final int PART_OF_HEAP = 16;

  /** An age, so that nothing depends on the database's clock being this one's. */
  private static final String AGE =
      "CAST(extract(epoch FROM clock_timestamp() - received_at) * 1000 AS bigint)";

  /** Between a moment here and the same one as the database's age of a row tells it. */
  private static final long JITTER_MILLIS = 50;

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

  /**
   * What is held of a node.
   *
   * @param scope tenants of the key that it was told with; null where a release that did not note
   *     them stored it
   * @param size characters of its JSON
   */
  private record Held(
      NodeSnapshot snapshot, @Nullable TenantScope scope, int size, long receivedAt) {}

  private final Supplier<Jdbi> jdbi;
  private final Map<String, Held> held = new ConcurrentHashMap<>();
  private final Map<String, Difference> differences = new ConcurrentHashMap<>();

  public Nodes(Supplier<Jdbi> jdbi) {
    this.jdbi = jdbi;
  }

  /**
   * Reads the snapshots that an earlier process, and other replicas, kept: a node that reports to
   * another one is not silent. Forgets nodes that were taken away. To be called more often than
   * nodes report late.
   */
  public void load(Jdbi from) {
    from.useHandle(
        handle -> {
          // What reports to this replica is held already, and most of them do: their settings are
          // not read again every few seconds.
          List<String> newer =
              handle
                  .createQuery(
                      "SELECT node, CAST(snapshot ->> 'at' AS bigint) AS at, "
                          + AGE
                          + " AS age FROM instances WHERE "
                          + AGE
                          + " < :forgotten")
                  .bind("forgotten", FORGOTTEN_MILLIS)
                  .map(
                      (row, context) ->
                          new Stored(row.getString("node"), row.getLong("at"), row.getLong("age")))
                  .stream()
                  .filter(this::isNewer)
                  .map(Stored::node)
                  .toList();
          if (!newer.isEmpty()) {
            read(handle, newer);
          }
        });
    long now = System.currentTimeMillis();
    held.values().removeIf(one -> now - one.receivedAt() > FORGOTTEN_MILLIS);
    differences.keySet().retainAll(held.keySet());
  }

  private record Stored(String node, long at, long age) {}

  /** By when it came, and not by the node's own clock, which may be wrong or a lie. */
  private boolean isNewer(Stored stored) {
    Held known = held.get(stored.node());
    return known == null
        || (known.snapshot().at() != stored.at()
            && System.currentTimeMillis() - stored.age() > known.receivedAt() - JITTER_MILLIS);
  }

  private void read(Handle handle, List<String> nodes) {
    handle
        .createQuery(
            "SELECT snapshot::text AS s, scope, "
                + AGE
                + " AS age FROM instances WHERE node = ANY(:nodes)")
        .bindArray("nodes", String.class, nodes)
        .map(
            (row, context) ->
                Optional.ofNullable(
                    held(
                        row.getString("s"),
                        row.getString("scope"),
                        System.currentTimeMillis() - row.getLong("age"))))
        .forEach(one -> one.ifPresent(this::merge));
  }

  private void merge(Held stored) {
    String node = stored.snapshot().node();
    held.merge(
        node,
        stored,
        (mine, theirs) -> {
          if (theirs.receivedAt() <= mine.receivedAt() - JITTER_MILLIS) {
            return mine;
          }
          // Its books are compared by the replica that it reports to; ours are of before.
          differences.remove(node);
          return theirs;
        });
  }

  /**
   * Takes a snapshot, which takes the place of the one before.
   *
   * @param scope tenants of the key that it is told with
   * @param json the snapshot, as it is stored
   * @throws jakarta.ws.rs.WebApplicationException 409 for a name that is somebody else's, 429 where
   *     there are too many
   */
  public void accept(TenantScope scope, NodeSnapshot snapshot, String json) {
    long now = System.currentTimeMillis();
    Held fresh = new Held(snapshot, scope, json.length(), now);
    admit(fresh);
    // Memory first: gauges and /health stay right while the database is away.
    held.compute(snapshot.node(), (node, old) -> unlessTaken(old, fresh));
    jdbi.get()
        .useHandle(
            handle -> {
              handle
                  .createUpdate(
                      "INSERT INTO instances (node, received_at, snapshot, scope)"
                          + " VALUES (:node, now(), CAST(:json AS jsonb), :scope)"
                          + " ON CONFLICT (node) DO UPDATE SET received_at = now(),"
                          + " snapshot = excluded.snapshot, scope = excluded.scope")
                  .bind("node", snapshot.node())
                  .bind("json", json)
                  .bind("scope", ScopeText.of(scope))
                  .execute();
              compare(handle, snapshot);
            });
  }

  /** Who may report for some tenants does not speak for an instance of others. */
  private static Held unlessTaken(@Nullable Held old, Held fresh) {
    if (old != null
        && old.scope() != null
        && fresh.scope() != null
        && !fresh.scope().includes(old.scope())
        && fresh.receivedAt() - old.receivedAt() < TAKEN_MILLIS) {
      throw Problem.of(
          409,
          "node: "
              + fresh.snapshot().node()
              + " is the name of an instance whose key is for other tenants; give this one another"
              + " (plugin.node), or wait until that one has been silent for 15 minutes");
    }
    return fresh;
  }

  /** Refuses what would be too many, or too much to hold: a key may be in the wrong hands. */
  private void admit(Held fresh) {
    Held old = held.get(fresh.snapshot().node());
    if (old != null && fresh.size() <= old.size()) {
      return;
    }
    long size = (long) fresh.size() - (old == null ? 0 : old.size());
    int all = 0;
    int own = 0;
    for (Held each : held.values()) {
      size += each.size();
      all++;
      own += fresh.scope() != null && fresh.scope().equals(each.scope()) ? 1 : 0;
    }
    if (old == null && (all >= MOST || own >= MOST_OF_SCOPE)) {
      throw Problem.busy(
          "node: "
              + (all >= MOST
                  ? MOST + " names"
                  : MOST_OF_SCOPE + " names with keys for these tenants")
              + " reported within a day, which is the most; a name that is silent for a day makes"
              + " room",
          BUSY_SECONDS);
    }
    if (size > Runtime.getRuntime().maxMemory() / PART_OF_HEAP) {
      throw Problem.busy(
          "snapshots of all instances take too much memory; give the control plane more",
          BUSY_SECONDS);
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
  private static @Nullable Held held(String json, @Nullable String scope, long receivedAt) {
    try {
      return new Held(
          WireJson.mapper().readValue(json, NodeSnapshot.class),
          scope == null ? null : ScopeText.read(scope),
          json.length(),
          receivedAt);
    } catch (JsonProcessingException e) {
      log.warn("A row of instances is left out, because it holds no snapshot: {}", e.toString());
      return null;
    }
  }
}
