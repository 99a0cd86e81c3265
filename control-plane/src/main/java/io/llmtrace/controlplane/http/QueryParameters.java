package io.llmtrace.controlplane.http;

import jakarta.ws.rs.core.UriInfo;
import java.util.List;
import java.util.Set;

/** Query parameters, read as strictly as bodies. Stateless. */
public final class QueryParameters {
  private QueryParameters() {}

  /**
   * Refuses parameters that are unknown, given twice, or hold what no database takes: a filter that
   * is silently ignored shows more than was asked for.
   *
   * @throws jakarta.ws.rs.WebApplicationException 400
   */
  public static void only(UriInfo uri, String... known) {
    Set<String> names = Set.of(known);
    uri.getQueryParameters()
        .forEach(
            (name, values) -> {
              if (!names.contains(name)) {
                throw Problem.of(
                    400,
                    (name.length() > 60 ? name.substring(0, 60) + "…" : name)
                        + ": unknown parameter, expected "
                        + (known.length == 0 ? "none" : "one of ")
                        + String.join(", ", List.of(known).stream().sorted().toList()));
              }
              if (values.size() > 1) {
                throw Problem.of(400, name + ": expected once");
              }
              if (values.get(0).indexOf('\0') >= 0) {
                throw Problem.of(400, name + ": expected no zero character");
              }
            });
  }
}
