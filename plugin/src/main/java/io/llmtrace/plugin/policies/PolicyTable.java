package io.llmtrace.plugin.policies;

import io.llmtrace.policies.bundle.Bundle;
import io.llmtrace.policies.evaluate.PolicyStack;
import io.llmtrace.policies.language.Policy;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The policies of one bundle, found by tenant and by the name that a route gives. Immutable but for
 * what it has found before; thread-safe.
 */
public final class PolicyTable {
  /** Without a bundle: the built-in policy alone. */
  public static final PolicyTable BUILT_IN = new PolicyTable(0, Bundle.Content.EMPTY);

  private final long revision;
  private final List<Bundle.Entry> entries;
  private final Set<String> tenants = new HashSet<>();
  private final Set<String> names = new HashSet<>();
  private final Map<Key, InForce> found = new ConcurrentHashMap<>();

  /** Only tenants and names of the bundle: requests choose tenants, and may choose any. */
  private record Key(@Nullable String tenant, @Nullable String name) {}

  /**
   * What decides about the exchanges of one tenant on one kind of route.
   *
   * @param revision of the bundle; 0 without one
   * @param stack what decides
   * @param shadow what is evaluated beside it, or null
   */
  public record InForce(long revision, PolicyStack stack, @Nullable Shadow shadow) {}

  /**
   * A stack in which one policy is a candidate.
   *
   * @param policy name of the candidate
   * @param version of the candidate
   */
  public record Shadow(String policy, int version, PolicyStack stack) {}

  private PolicyTable(long revision, Bundle.Content content) {
    this.revision = revision;
    this.entries = content.policies();
    for (Bundle.Entry each : entries) {
      names.add(each.name());
      String tenant = each.tenant();
      if (tenant != null) {
        tenants.add(tenant);
      }
    }
  }

  /**
   * The table of a bundle. Every stack that it has is made once: what cannot be made is found now.
   *
   * @throws RuntimeException if a policy of it cannot be evaluated here
   */
  static PolicyTable of(long revision, Bundle.Content content) {
    PolicyTable table = new PolicyTable(revision, content);
    table.prepare("", null);
    table.tenants.forEach(tenant -> table.prepare(tenant, null));
    for (Bundle.Entry each : content.policies()) {
      String tenant = each.tenant();
      table.prepare(tenant == null ? "" : tenant, each.name());
    }
    return table;
  }

  private void prepare(String tenant, @Nullable String name) {
    InForce made = resolve(tenant, name);
    made.stack().prepare();
    Shadow shadow = made.shadow();
    if (shadow != null) {
      shadow.stack().prepare();
    }
  }

  /** Revision of the bundle; 0 without one. */
  public long revision() {
    return revision;
  }

  /** Whether a route of a tenant names a policy that is not there. */
  public boolean lacks(String tenant, @Nullable String name) {
    return name != null && revision > 0 && active(tenant, name) == null;
  }

  /**
   * What decides about a tenant's exchanges.
   *
   * @param name what the route names, or null; a name that is not known counts as none
   */
  public InForce resolve(String tenant, @Nullable String name) {
    Key key =
        new Key(
            tenants.contains(tenant) ? tenant : null,
            name != null && names.contains(name) ? name : null);
    InForce before = found.get(key);
    return before == null ? found.computeIfAbsent(key, this::find) : before;
  }

  private InForce find(Key key) {
    List<Bundle.Entry> layers = new ArrayList<>();
    add(layers, standard(null));
    if (key.tenant() != null) {
      add(layers, standard(key.tenant()));
    }
    if (key.name() != null) {
      add(layers, active(key.tenant(), key.name()));
    }
    return new InForce(revision, stack(layers, null), shadow(layers, key));
  }

  private static void add(List<Bundle.Entry> layers, Bundle.@Nullable Entry entry) {
    if (entry != null && !layers.contains(entry)) {
      layers.add(entry);
    }
  }

  private static PolicyStack stack(List<Bundle.Entry> layers, Bundle.@Nullable Entry candidate) {
    List<Policy> policies = new ArrayList<>();
    for (Bundle.Entry each : layers) {
      policies.add(
          candidate != null && isSame(each, candidate) ? candidate.policy() : each.policy());
    }
    return PolicyStack.of(policies);
  }

  /** The candidate of the nearest layer that has one. */
  private @Nullable Shadow shadow(List<Bundle.Entry> layers, Key key) {
    for (int i = layers.size() - 1; i >= 0; i--) {
      Bundle.Entry layer = layers.get(i);
      for (Bundle.Entry each : entries) {
        if (each.role() == Bundle.Role.SHADOW && isSame(layer, each)) {
          return new Shadow(each.name(), each.version(), stack(layers, each));
        }
      }
    }
    return candidateAlone(layers, key);
  }

  /** A candidate of a policy that has no active version yet: it is evaluated as if it had. */
  private @Nullable Shadow candidateAlone(List<Bundle.Entry> layers, Key key) {
    for (Bundle.Entry each : entries) {
      boolean here = Objects.equals(each.tenant(), key.tenant()) || each.tenant() == null;
      if (each.role() == Bundle.Role.SHADOW
          && here
          && (each.standard() || each.name().equals(key.name()))
          && layers.stream().noneMatch(layer -> isSame(layer, each))) {
        List<Bundle.Entry> with = new ArrayList<>(layers);
        with.add(each.standard() ? place(layers, each) : layers.size(), each);
        return with.size() > PolicyStack.MOST
            ? null
            : new Shadow(each.name(), each.version(), stack(with, null));
      }
    }
    return null;
  }

  /** Standard policies lie under those that routes name, everybody's under a tenant's. */
  private static int place(List<Bundle.Entry> layers, Bundle.Entry candidate) {
    int place = 0;
    while (place < layers.size()
        && layers.get(place).standard()
        && (layers.get(place).tenant() == null || candidate.tenant() != null)) {
      place++;
    }
    return place;
  }

  private static boolean isSame(Bundle.Entry one, Bundle.Entry other) {
    return one.name().equals(other.name()) && Objects.equals(one.tenant(), other.tenant());
  }

  private Bundle.@Nullable Entry standard(@Nullable String tenant) {
    for (Bundle.Entry each : entries) {
      if (each.role() == Bundle.Role.ACTIVE
          && each.standard()
          && Objects.equals(each.tenant(), tenant)) {
        return each;
      }
    }
    return null;
  }

  /** The tenant's policy of that name, else everybody's. */
  private Bundle.@Nullable Entry active(@Nullable String tenant, String name) {
    Bundle.Entry everybodys = null;
    for (Bundle.Entry each : entries) {
      if (each.role() == Bundle.Role.ACTIVE && each.name().equals(name)) {
        if (each.tenant() == null) {
          everybodys = each;
        } else if (each.tenant().equals(tenant)) {
          return each;
        }
      }
    }
    return everybodys;
  }
}
