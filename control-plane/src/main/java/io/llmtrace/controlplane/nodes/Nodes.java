package io.llmtrace.controlplane.nodes;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.llmtrace.policies.wire.NodeSnapshot;
import io.llmtrace.policies.wire.WireJson;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jdbi.v3.core.Jdbi;

/** The newest snapshot of each node. Thread-safe. */
public final class Nodes {
  /** Three reports of five seconds missed. */
  private static final long SILENT_MILLIS = 15_000;

  /** A node as it last reported. */
  public record Node(NodeSnapshot snapshot, long receivedAt, boolean silent) {}

  private record Held(NodeSnapshot snapshot, long receivedAt) {}

  private final Supplier<Jdbi> jdbi;
  private final Map<String, Held> held = new ConcurrentHashMap<>();

  public Nodes(Supplier<Jdbi> jdbi) {
    this.jdbi = jdbi;
  }

  /** Reads the snapshots that an earlier process kept. */
  public void load(Jdbi from) {
    from.useHandle(
        handle ->
            handle
                .createQuery(
                    "SELECT snapshot::text AS s,"
                        + " CAST(extract(epoch FROM received_at) * 1000 AS bigint) AS at"
                        + " FROM instances")
                .map((row, context) -> new Held(parse(row.getString("s")), row.getLong("at")))
                .forEach(one -> held.putIfAbsent(one.snapshot().node(), one)));
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
              handle ->
                  handle
                      .createUpdate(
                          "INSERT INTO instances (node, received_at, snapshot)"
                              + " VALUES (:node, now(), CAST(:json AS jsonb))"
                              + " ON CONFLICT (node) DO UPDATE SET"
                              + " received_at = now(), snapshot = excluded.snapshot")
                      .bind("node", snapshot.node())
                      .bind("json", json)
                      .execute());
    }
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

  private static NodeSnapshot parse(String json) {
    try {
      return WireJson.mapper().readValue(json, NodeSnapshot.class);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a row of instances holds no snapshot", e);
    }
  }
}
