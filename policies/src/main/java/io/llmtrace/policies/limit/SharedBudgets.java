package io.llmtrace.policies.limit;

import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The budgets of the control plane that concern this node, by whom they are for. Immutable: another
 * set of budgets is another object, in which budgets that stay are the same. A look-up takes a
 * probe of a map a dimension and makes nothing.
 */
final class SharedBudgets {
  static final SharedBudgets NONE = new SharedBudgets(Map.of());

  /** Begins the limit's name in a refusal, as no name in a file does; the budget's id follows. */
  static final String PREFIX = "budget:";

  private static final SharedBudget[] NOTHING = {};

  /** Those of a tenant, by dimension and by name. */
  private static final class OfTenant {
    private final Map<Dimension, Map<String, SharedBudget[]>> named =
        new EnumMap<>(Dimension.class);

    SharedBudget[] find(Dimension dimension, String name) {
      Map<String, SharedBudget[]> all = named.get(dimension);
      return all == null ? NOTHING : all.getOrDefault(name, NOTHING);
    }
  }

  private final Map<String, SharedBudget> byId;
  private final Map<String, OfTenant> tenants = new HashMap<>();

  private SharedBudgets(Map<String, SharedBudget> byId) {
    this.byId = byId;
  }

  /**
   * These budgets, of which those that are here already stay what they are, unless they count in
   * another unit now: dollars that were spent say nothing of tokens.
   */
  SharedBudgets with(List<BudgetLease> definitions, Limit.Alone alone, long now) {
    Map<String, SharedBudget> ids = new HashMap<>();
    Map<String, Map<Dimension, Map<String, List<SharedBudget>>>> grouped = new HashMap<>();
    for (BudgetLease each : definitions) {
      SharedBudget budget = byId.get(each.id());
      if (budget == null || budget.unit() != each.unit()) {
        budget = new SharedBudget(each, alone, now);
      } else {
        budget.define(each);
      }
      ids.put(each.id(), budget);
      grouped
          .computeIfAbsent(each.tenant(), unused -> new EnumMap<>(Dimension.class))
          .computeIfAbsent(each.dimension(), unused -> new HashMap<>())
          .computeIfAbsent(each.key(), unused -> new ArrayList<>())
          .add(budget);
    }
    SharedBudgets made = new SharedBudgets(Map.copyOf(ids));
    grouped.forEach(
        (tenant, dimensions) -> {
          OfTenant own = new OfTenant();
          dimensions.forEach(
              (dimension, names) -> {
                Map<String, SharedBudget[]> all = new HashMap<>();
                names.forEach((name, list) -> all.put(name, list.toArray(NOTHING)));
                own.named.put(dimension, Map.copyOf(all));
              });
          made.tenants.put(tenant, own);
        });
    return made;
  }

  boolean isEmpty() {
    return byId.isEmpty();
  }

  Collection<SharedBudget> all() {
    return byId.values();
  }

  @Nullable SharedBudget get(String id) {
    return byId.get(id);
  }

  /** Asks and holds all that need no body. */
  void arrive(Admission admission, Sharing sharing, long now) {
    OfTenant own = of(admission);
    if (own != null) {
      Subject subject = admission.subject;
      admission.spendsFrom(own.find(Dimension.TENANT, ""), sharing, now);
      admission.spendsFrom(own.find(Dimension.CONSUMER, subject.consumer()), sharing, now);
      admission.spendsFrom(own.find(Dimension.ROUTE, subject.route()), sharing, now);
      admission.spendsFrom(own.find(Dimension.AGENT, subject.agent()), sharing, now);
    }
  }

  /** Asks and holds those of the model. */
  void read(Admission admission, Sharing sharing, long now) {
    OfTenant own = of(admission);
    if (own != null) {
      admission.spendsFrom(own.find(Dimension.MODEL, admission.model), sharing, now);
    }
  }

  private @Nullable OfTenant of(Admission admission) {
    // What nobody tells the end of costs nothing that is known.
    return tenants.isEmpty() || !admission.subject.completes()
        ? null
        : tenants.get(admission.subject.tenant());
  }
}
