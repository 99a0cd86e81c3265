package io.llmtrace.plugin.identity;

/**
 * Whose exchange it is.
 *
 * @param tenant the tenant
 * @param agent the agent, empty where none is known
 */
public record Identity(String tenant, String agent) {}
