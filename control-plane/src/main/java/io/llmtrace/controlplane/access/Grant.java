package io.llmtrace.controlplane.access;

/** A role for some tenants. */
public record Grant(Role role, TenantScope tenants) {}
