package io.llmtrace.controlplane.access;

/** How far a permission must reach. */
public enum Reach {
  /** Some tenant; the method bounds what it does to {@link Caller#tenants}. */
  SOME_TENANT,
  /** All tenants, because what the method shows or changes belongs to none of them. */
  INSTALLATION
}
