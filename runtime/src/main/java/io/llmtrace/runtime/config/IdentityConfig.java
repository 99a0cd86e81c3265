package io.llmtrace.runtime.config;

import java.util.List;

/**
 * {@code plugin.identity}: where tenant and agent of an exchange are taken from. The first source
 * that gives a name wins; what the route itself says is stronger.
 *
 * @param tenant sources of the tenant, which is {@code default} where none gives one
 * @param agent sources of the agent, which is empty where none gives one
 */
public record IdentityConfig(List<IdentitySource> tenant, List<IdentitySource> agent) {
  public IdentityConfig {
    tenant = List.copyOf(tenant);
    agent = List.copyOf(agent);
  }

  public static IdentityConfig none() {
    return new IdentityConfig(List.of(), List.of());
  }
}
