package io.llmtrace.policies.language;

import io.llmtrace.policies.exchange.Zone;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Whom a policy, a rule or an exception is for: all that is given must hold; of several values one.
 * Empty is everything. Immutable.
 *
 * @param tenants tenants
 * @param consumers the gateway's consumers
 * @param agents agents
 * @param routes the gateway's route ids
 * @param providers providers, such as {@code openai}
 * @param models models as clients name them
 * @param zones the exchange has text in one of these
 * @param tools the exchange offers one of these tools
 * @param headers request headers by lower-case name, each with one of these values
 * @param time when
 */
public record Match(
    List<NamePattern> tenants,
    List<NamePattern> consumers,
    List<NamePattern> agents,
    List<NamePattern> routes,
    List<NamePattern> providers,
    List<NamePattern> models,
    Set<Zone> zones,
    List<NamePattern> tools,
    Map<String, List<NamePattern>> headers,
    @Nullable TimeWindow time) {
  /**
   * Headers, in lower case, that no policy may ask for: they carry credentials, and a policy's
   * author need not be somebody who may see those.
   */
  public static final Set<String> CREDENTIALS =
      Set.of(
          "authorization",
          "proxy-authorization",
          "cookie",
          "api-key",
          "apikey",
          "x-api-key",
          "x-goog-api-key",
          "x-auth-token",
          "x-amz-security-token");

  /** Everything. */
  public static final Match ALL =
      new Match(
          List.of(), List.of(), List.of(), List.of(), List.of(), List.of(), Set.of(), List.of(),
          Map.of(), null);

  public Match {
    tenants = Copies.list(tenants);
    consumers = Copies.list(consumers);
    agents = Copies.list(agents);
    routes = Copies.list(routes);
    providers = Copies.list(providers);
    models = Copies.list(models);
    zones = Copies.set(zones);
    tools = Copies.list(tools);
    headers = Copies.map(headers);
  }
}
