package io.llmtrace.controlplane.budgets;

import io.llmtrace.controlplane.access.Caller;
import io.llmtrace.controlplane.access.Permission;
import io.llmtrace.controlplane.access.Requires;
import io.llmtrace.controlplane.access.TenantScope;
import io.llmtrace.controlplane.http.Problem;
import io.llmtrace.controlplane.http.Takes;
import io.llmtrace.controlplane.ingest.WireBody;
import io.llmtrace.controlplane.prices.StoredPrices;
import io.llmtrace.policies.id.Ulid;
import io.llmtrace.policies.limit.Dimension;
import io.llmtrace.policies.limit.LeaseAnswer;
import io.llmtrace.policies.limit.LeaseRequest;
import io.llmtrace.policies.limit.LeaseRequest.BudgetDemand;
import io.llmtrace.policies.limit.LeaseRequest.Demand;
import io.llmtrace.policies.limit.LimitKind;
import jakarta.ws.rs.HeaderParam;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Context;
import java.io.IOException;
import java.io.InputStream;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import org.jdbi.v3.core.Jdbi;
import org.jspecify.annotations.Nullable;

/** {@code /api/v1/ingest/leases}: shares of limits, for plugins. */
@Path("/api/v1/ingest/leases")
@Produces("application/json")
public final class LeasesResource {
  private static final int MOST_DEMANDS = 1_000;
  private static final int LONGEST = 256;
  private static final double LARGEST = 1e12;
  private static final Set<LimitKind> SHARED =
      Set.of(LimitKind.REQUESTS_PER_MINUTE, LimitKind.TOKENS_PER_MINUTE, LimitKind.CONCURRENT);

  private final WireBody bodies;
  private final Leases leases;
  private final BudgetShares budgets;
  private final LeaseNodes nodes;
  private final StoredPrices prices;

  public LeasesResource(WireBody bodies, Supplier<Jdbi> jdbi) {
    this.bodies = bodies;
    this.leases = new Leases(jdbi);
    this.budgets = new BudgetShares(jdbi);
    this.nodes = new LeaseNodes(jdbi);
    this.prices = new StoredPrices(jdbi);
  }

  /**
   * Gives a process of a node its shares of limits and budgets that it holds together with others,
   * until their {@code not_after}, and what models cost. To be asked again in a third of that time.
   */
  @POST
  @Requires(Permission.TELEMETRY_WRITE)
  @Takes(body = LeaseRequest.class)
  public LeaseAnswer lease(
      @Context Caller caller,
      @HeaderParam("Content-Encoding") @Nullable String encoding,
      InputStream in)
      throws IOException {
    return bodies.use(
        in,
        encoding,
        LeaseRequest.class,
        "too much is being read, ask again",
        request -> answer(caller, request));
  }

  private LeaseAnswer answer(Caller caller, LeaseRequest request) {
    String problem = problem(request);
    if (problem != null) {
      throw Problem.of(400, problem);
    }
    for (Demand demand : request.demands()) {
      String tenant = demand.key().get(Dimension.TENANT);
      // What all tenants share is not for an instance of some to take.
      caller.require(
          Permission.TELEMETRY_WRITE, tenant == null ? TenantScope.all() : TenantScope.of(tenant));
    }
    TenantScope own = caller.tenants(Permission.TELEMETRY_WRITE);
    int known = request.leaving() ? 0 : nodes.seen(request.node(), own);
    if (request.leaving()) {
      nodes.left(request.node(), own);
    }
    Leases.Given given = leases.lease(request);
    return new LeaseAnswer(
        given.leases(),
        given.now(),
        known,
        LeaseNodes.names(own),
        request.leaving() ? List.of() : budgets.lease(request, own),
        request.leaving() ? null : prices.unless(request.prices(), own));
  }

  @SuppressWarnings({"NullAway", "ConstantConditions"})
  private static @Nullable String problem(LeaseRequest request) {
    // Jackson leaves out what is not sent.
    if (!isName(request.node())) {
      return "node: expected a name of 1 to " + LONGEST + " characters";
    }
    if (request.demands().size() > MOST_DEMANDS) {
      return "demands: expected at most " + MOST_DEMANDS;
    }
    Set<String> seen = new HashSet<>();
    for (int i = 0; i < request.demands().size(); i++) {
      Demand demand = request.demands().get(i);
      String place = "demands[" + i + "].";
      if (!isName(demand.limit())) {
        return place + "limit: expected a name of 1 to " + LONGEST + " characters";
      }
      if (demand.kind() == null || !SHARED.contains(demand.kind())) {
        return place + "kind: expected a rate or concurrent; a budget is for cost";
      }
      if (demand.window() != null) {
        return place + "window: expected none";
      }
      if (!demand.key().values().stream().allMatch(each -> each.isEmpty() || isName(each))) {
        return place + "key: expected values of at most " + LONGEST + " characters";
      }
      if (!isAmount(demand.total()) || !isAmount(demand.demand()) || demand.holds() < 0) {
        return place + "total, demand, holds: expected numbers from 0 to 1e12";
      }
      if (!seen.add(Leases.id(demand))) {
        return place + "limit: expected each limit, key, kind and window once";
      }
    }
    return budgetProblem(request.budgets());
  }

  @SuppressWarnings("NullAway")
  private static @Nullable String budgetProblem(List<BudgetDemand> budgets) {
    if (budgets.size() > MOST_DEMANDS) {
      return "budgets: expected at most " + MOST_DEMANDS;
    }
    Set<String> seen = new HashSet<>();
    for (int i = 0; i < budgets.size(); i++) {
      BudgetDemand demand = budgets.get(i);
      String place = "budgets[" + i + "].";
      if (demand == null || demand.id() == null || !Ulid.isValid(demand.id())) {
        return place + "id: expected the id of a budget";
      }
      if (!isAmount(demand.unsent()) || !isAmount(demand.demand()) || demand.holds() < 0) {
        return place + "unsent, demand, holds: expected numbers from 0 to 1e12";
      }
      if (!seen.add(demand.id())) {
        return place + "id: expected each budget once";
      }
    }
    return null;
  }

  private static boolean isName(@Nullable String text) {
    return text != null
        && !text.isEmpty()
        && text.length() <= LONGEST
        && text.chars()
            .noneMatch(each -> Character.isISOControl(each) || Character.isSurrogate((char) each));
  }

  private static boolean isAmount(double value) {
    return value >= 0 && value <= LARGEST;
  }

  /** What is to be done now and then. */
  public void expire() {
    leases.expire();
    nodes.expire();
  }
}
