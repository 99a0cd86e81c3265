package io.llmtrace.controlplane.policies;

import io.llmtrace.policies.language.Policy;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/**
 * The policies that decide about all exchanges of a tenant, the farthest first: everybody's
 * standard and the tenant's. Immutable.
 */
record StandardLayers(List<Layer> layers) {
  /** A policy with whose it is; null is everybody's. */
  record Layer(@Nullable String tenant, Policy policy) {
    boolean isNamedAs(@Nullable String otherTenant, Policy other) {
      return Objects.equals(tenant, otherTenant) && policy.name().equals(other.name());
    }
  }

  StandardLayers {
    layers = List.copyOf(layers);
  }

  /** Those that are active now. */
  static StandardLayers of(Handle handle, @Nullable String tenant) {
    return new StandardLayers(
        handle
            .createQuery(
                "SELECT p.tenant, v.compiled FROM policies p"
                    + " JOIN LATERAL (SELECT active FROM policy_activations x"
                    + " WHERE x.policy = p.id ORDER BY x.id DESC LIMIT 1) a ON true"
                    + " JOIN policy_versions v ON v.policy = p.id AND v.version = a.active"
                    + " WHERE p.standard AND p.archived_at IS NULL"
                    + " AND (p.tenant IS NULL OR p.tenant = :tenant)"
                    + " ORDER BY p.tenant NULLS FIRST")
            .bind("tenant", tenant)
            .map(
                (row, context) ->
                    new Layer(
                        row.getString("tenant"), CompiledPolicies.of(row.getString("compiled"))))
            .list());
  }

  List<Policy> policies() {
    return layers.stream().map(Layer::policy).toList();
  }

  /** With a candidate: in the place of the one of its name, else nearest. */
  List<Policy> with(@Nullable String tenant, Policy candidate) {
    List<Policy> with = new ArrayList<>();
    boolean placed = false;
    for (Layer each : layers) {
      boolean same = each.isNamedAs(tenant, candidate);
      with.add(same ? candidate : each.policy());
      placed |= same;
    }
    if (!placed) {
      with.add(candidate);
    }
    return with;
  }
}
