package io.llmtrace.policies.wire;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How a node is doing, sent to {@code POST /api/v1/ingest/snapshots}; the newest wins, none is kept
 * for later.
 *
 * @param node name of the node
 * @param bootId random id of the process
 * @param at epoch milliseconds
 * @param version release of the plugin
 * @param startedAt epoch milliseconds
 * @param breakers state ({@code closed}, {@code open}, {@code half_open}) by breaker name
 * @param activeConnections exchanges inspected and not completed
 * @param models state ({@code loaded}, {@code absent}, {@code failed}) by model name
 * @param bundleRevision revision of the policy bundle in force; 0 for the built-in one
 * @param spoolBytes bytes waiting to be sent
 * @param routes route configurations in force
 * @param problems what an operator should know (a refused route configuration, a failing spool, …)
 * @param accounts the books of the process's records, or null from a release that keeps none
 */
public record NodeSnapshot(
    String node,
    String bootId,
    long at,
    String version,
    long startedAt,
    Map<String, String> breakers,
    long activeConnections,
    Map<String, String> models,
    long bundleRevision,
    long spoolBytes,
    List<RouteSettings> routes,
    List<String> problems,
    @Nullable Accounts accounts) {

  /**
   * Where the records are that the process has made, at one moment. What was made and neither waits
   * nor was dropped is with the control plane, which knows how many it took.
   *
   * @param made records that were written to the process's own spool, losses among them
   * @param waiting of those that are not acknowledged, and so may be with the control plane or not
   * @param dropped of those that are gone, which was told as losses
   * @param sending of those that wait, in the batch that is on its way
   */
  public record Accounts(long made, long waiting, long dropped, long sending) {}

  /** A snapshot of a process that keeps no books. */
  public NodeSnapshot(
      String node,
      String bootId,
      long at,
      String version,
      long startedAt,
      Map<String, String> breakers,
      long activeConnections,
      Map<String, String> models,
      long bundleRevision,
      long spoolBytes,
      List<RouteSettings> routes,
      List<String> problems) {
    this(
        node,
        bootId,
        at,
        version,
        startedAt,
        breakers,
        activeConnections,
        models,
        bundleRevision,
        spoolBytes,
        routes,
        problems,
        null);
  }

  public NodeSnapshot {
    breakers = Map.copyOf(breakers);
    models = Map.copyOf(models);
    routes = List.copyOf(routes);
    problems = List.copyOf(problems);
  }

  /**
   * The settings in force for one route configuration.
   *
   * @param key the gateway's key of the configuration, for example {@code
   *     route#chat#ext-plugin-post-req#17}
   * @param values effective value by setting name, as text
   * @param sources where each value comes from: {@code route}, {@code policy}, {@code default}
   */
  public record RouteSettings(String key, Map<String, String> values, Map<String, String> sources) {
    public RouteSettings {
      values = Map.copyOf(values);
      sources = Map.copyOf(sources);
    }
  }
}
