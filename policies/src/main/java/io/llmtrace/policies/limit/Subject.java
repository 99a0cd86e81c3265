package io.llmtrace.policies.limit;

import java.util.Set;

/**
 * Whose exchange it is.
 *
 * @param tenant the tenant
 * @param consumer the gateway's consumer, empty where there is none
 * @param route the gateway's route id, empty where it named none
 * @param model the model as the client named it, empty as long as the body is not read
 * @param agent the agent, empty where none is known
 * @param completes whether its end will be told; without it nothing is concurrent and nothing costs
 * @param policies names of the policies that it is under, for limits that are of one
 */
public record Subject(
    String tenant,
    String consumer,
    String route,
    String model,
    String agent,
    boolean completes,
    Set<String> policies) {

  /** One for whose limits policies do not matter. */
  public Subject(
      String tenant, String consumer, String route, String model, String agent, boolean completes) {
    this(tenant, consumer, route, model, agent, completes, Set.of());
  }

  String value(Dimension dimension) {
    return switch (dimension) {
      case TENANT -> tenant;
      case CONSUMER -> consumer;
      case ROUTE -> route;
      case MODEL -> model;
      case AGENT -> agent;
    };
  }

  Subject withModel(String named) {
    return new Subject(tenant, consumer, route, named, agent, completes, policies);
  }
}
