package io.llmtrace.plugin.conf;

import io.llmtrace.policies.exchange.Api;
import io.llmtrace.policies.wire.NodeSnapshot;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Route configurations as a stock runner, or a gateway that calls out, tells of them: the text
 * comes with each request, so a text is parsed when it is new. Thread-safe.
 */
public final class RunnerConfs {
  private static final int MAX_ENTRIES = 10_000;

  private final String prefix;
  private final UnaryOperator<RouteConf> fit;
  private final RouteConfReader reader;
  private final ConfProblems problems;
  private final Map<Key, RouteConf> byText = new ConcurrentHashMap<>();
  private final Map<String, RouteConf> newestByRoute = new ConcurrentHashMap<>();

  // The runner hands out the same String again and again, which remembers its hash.
  private record Key(String route, String text) {}

  public RunnerConfs(RouteConfReader reader, MeterRegistry meters) {
    this("route#", "llmtrace_plugin_confs", UnaryOperator.identity(), reader, meters);
  }

  private RunnerConfs(
      String prefix,
      String gauge,
      UnaryOperator<RouteConf> fit,
      RouteConfReader reader,
      MeterRegistry meters) {
    this.prefix = prefix;
    this.fit = fit;
    this.reader = reader;
    this.problems = new ConfProblems(meters);
    Gauge.builder(gauge, byText, Map::size)
        .description("Route configurations known")
        .register(meters);
  }

  /** Those of gateways that send them with each call-out, beside those of a gateway of ours. */
  public static RunnerConfs ofCallouts(RouteConfReader reader, MeterRegistry meters) {
    return new RunnerConfs(
        "callout#", "llmtrace_plugin_callout_confs", RouteConf::withoutAnswers, reader, meters);
  }

  /**
   * The settings of a route.
   *
   * @param route the gateway's route id, empty where it named none
   * @param text the route's configuration, or null where it has an entry without value
   */
  public RouteConf find(String route, @Nullable String text) {
    Key key = new Key(route, text == null ? "" : text);
    RouteConf known = byText.get(key);
    return known != null ? known : added(key);
  }

  private RouteConf added(Key key) {
    RouteConf read = fit.apply(reader.read(List.of(Map.entry(RouteConf.CONF_NAME, key.text()))));
    if (byText.size() >= MAX_ENTRIES) {
      // Far more than a gateway has at a time: old versions. What is in use comes back by itself.
      byText.clear();
      newestByRoute.clear();
    }
    RouteConf before = byText.putIfAbsent(key, read);
    if (before != null) {
      return before;
    }
    newestByRoute.put(key.route(), read);
    problems.report(name(key.route()), read);
    return read;
  }

  /** The settings in force, the newest of each route. */
  public List<NodeSnapshot.RouteSettings> settings() {
    List<NodeSnapshot.RouteSettings> all = new ArrayList<>();
    newestByRoute.forEach((route, conf) -> all.add(conf.settings(name(route))));
    return all;
  }

  /** The API that a route asks for, or null where it asks for none or is not known. */
  public @Nullable Api dialect(String route) {
    RouteConf conf = newestByRoute.get(route);
    return conf == null ? null : conf.dialect();
  }

  /** What is wrong with the configurations in force, each with its route. */
  public List<String> problems() {
    List<String> all = new ArrayList<>();
    newestByRoute.forEach(
        (route, conf) -> conf.problems().forEach(problem -> all.add(name(route) + ": " + problem)));
    return all;
  }

  private String name(String route) {
    return prefix + route;
  }
}
