package io.llmtrace.plugin.policies;

import io.llmtrace.policies.bundle.Bundle;
import io.llmtrace.policies.evaluate.PolicyStack;
import io.llmtrace.policies.language.BudgetRule;
import io.llmtrace.policies.language.Match;
import io.llmtrace.policies.language.NamePattern;
import io.llmtrace.policies.language.Policy;
import io.llmtrace.policies.limit.Dimension;
import io.llmtrace.policies.limit.Limit;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
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
   * @param budgeted names of the limits' policies that it is under
   */
  public record InForce(
      long revision, PolicyStack stack, @Nullable Shadow shadow, Set<String> budgeted) {
    public InForce {
      budgeted = Set.copyOf(budgeted);
    }
  }

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

  private static String scope(Bundle.Entry entry) {
    return (entry.tenant() == null ? "" : entry.tenant()) + "/" + entry.name();
  }

  /** The budgets of all policies, each of them of its policy and counted for each tenant. */
  public List<Limit> budgets() {
    List<Limit> limits = new ArrayList<>();
    for (Bundle.Entry entry : entries) {
      if (entry.role() == Bundle.Role.ACTIVE) {
        for (BudgetRule budget : entry.policy().budgets()) {
          limits.add(limit(entry, budget));
        }
      }
    }
    return limits;
  }

  private static Limit limit(Bundle.Entry entry, BudgetRule budget) {
    Set<Dimension> by = new LinkedHashSet<>();
    by.add(Dimension.TENANT);
    by.addAll(budget.by());
    Match match = entry.policy().match();
    Map<Dimension, List<String>> of = new EnumMap<>(Dimension.class);
    names(of, Dimension.TENANT, match.tenants());
    names(of, Dimension.CONSUMER, match.consumers());
    names(of, Dimension.AGENT, match.agents());
    names(of, Dimension.ROUTE, match.routes());
    names(of, Dimension.MODEL, match.models());
    return new Limit(
        scope(entry) + "/" + budget.name(),
        by,
        of,
        budget.action(),
        Limit.Rates.NONE,
        new Limit.Budget(budget.usd(), Limit.UnknownCost.PASS),
        Limit.Size.NONE,
        Limit.Nodes.EACH,
        Limit.Alone.LOCAL,
        scope(entry));
  }

  private static void names(
      Map<Dimension, List<String>> match, Dimension dimension, List<NamePattern> patterns) {
    if (!patterns.isEmpty()) {
      match.put(dimension, patterns.stream().map(NamePattern::text).toList());
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
    Set<String> budgeted = new HashSet<>();
    for (Bundle.Entry layer : layers) {
      if (!layer.policy().budgets().isEmpty()) {
        budgeted.add(scope(layer));
      }
    }
    return new InForce(revision, stack(layers, null), shadow(layers, key), budgeted);
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
