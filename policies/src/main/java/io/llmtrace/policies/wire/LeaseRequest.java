package io.llmtrace.policies.wire;

import io.llmtrace.policies.limit.Dimension;
import io.llmtrace.policies.limit.LimitKind;
import io.llmtrace.policies.limit.Window;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What {@code POST /api/v1/ingest/leases} takes: what a node lately needed of the limits that it
 * shares with others.
 *
 * @param node name of the node
 * @param demands each (limit, key, kind, window) once
 */
public record LeaseRequest(String node, List<Demand> demands) {
  public LeaseRequest {
    demands = List.copyOf(demands);
  }

  /**
   * What was needed of one limit.
   *
   * @param limit name of the limit
   * @param key value by dimension; empty where the limit counts by none
   * @param kind what of the limit is shared: a rate, a number at once, or cost
   * @param window of a cost, null for all else
   * @param total the whole limit as this node's configuration has it, in the unit of {@code
   *     granted}
   * @param demand what was asked for lately, refused requests included, in the same unit
   * @param holds revision of the newest lease that the node goes by; 0 for none
   */
  public record Demand(
      String limit,
      Map<Dimension, String> key,
      LimitKind kind,
      @Nullable Window window,
      double total,
      double demand,
      long holds) {
    public Demand {
      key = Map.copyOf(key);
    }
  }
}
