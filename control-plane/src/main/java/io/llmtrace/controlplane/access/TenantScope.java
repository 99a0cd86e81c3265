package io.llmtrace.controlplane.access;

import java.util.Collection;
import java.util.Set;
import java.util.TreeSet;

/** The tenants that something holds for. Immutable. */
public sealed interface TenantScope {
  /** Every tenant, also those to come, and what belongs to none. */
  record All() implements TenantScope {
    @Override
    public boolean includes(String tenant) {
      return true;
    }

    @Override
    public boolean includes(TenantScope other) {
      return true;
    }

    @Override
    public boolean isEmpty() {
      return false;
    }

    @Override
    public TenantScope plus(TenantScope other) {
      return this;
    }
  }

  /** These tenants and no other. */
  record Only(Set<String> tenants) implements TenantScope {
    public Only {
      tenants = Set.copyOf(tenants);
    }

    @Override
    public boolean includes(String tenant) {
      return tenants.contains(tenant);
    }

    @Override
    public boolean includes(TenantScope other) {
      return other instanceof Only only && tenants.containsAll(only.tenants);
    }

    @Override
    public boolean isEmpty() {
      return tenants.isEmpty();
    }

    @Override
    public TenantScope plus(TenantScope other) {
      if (other instanceof Only only) {
        Set<String> both = new TreeSet<>(tenants);
        both.addAll(only.tenants);
        return new Only(both);
      }
      return other;
    }
  }

  /** All tenants, those included that there will be. */
  public static TenantScope all() {
    return new All();
  }

  static TenantScope none() {
    return new Only(Set.of());
  }

  static TenantScope of(String... tenants) {
    return new Only(Set.of(tenants));
  }

  static TenantScope of(Collection<String> tenants) {
    return new Only(Set.copyOf(tenants));
  }

  boolean includes(String tenant);

  /** Whether no tenant of the other is missing here. */
  boolean includes(TenantScope other);

  boolean isEmpty();

  TenantScope plus(TenantScope other);
}
