package io.llmtrace.cli.doctor;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a gateway is told to do.
 *
 * @param routes all that are switched on
 * @param enabled names of plugins that the gateway has; empty where that is not known
 * @param socket {@code ext-plugin.path_for_test}; null where that is not known
 */
record Routes(List<Route> routes, Set<String> enabled, @Nullable String socket) {
  /**
   * A route with all plugins that it has, its own and those of its service, plugin configuration
   * and the global rules.
   *
   * @param id as the gateway has it
   * @param paths of its requests
   * @param hosts of its upstream, without ports
   * @param plugins by name
   */
  record Route(String id, List<String> paths, List<String> hosts, JsonNode plugins) {
    Route {
      paths = List.copyOf(paths);
      hosts = List.copyOf(hosts);
    }
  }

  Routes {
    routes = List.copyOf(routes);
    enabled = Set.copyOf(enabled);
  }
}
