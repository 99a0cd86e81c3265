package io.llmtrace.controlplane.budgets;

import io.llmtrace.controlplane.access.Caller;
import io.llmtrace.controlplane.access.Permission;
import io.llmtrace.controlplane.access.Requires;
import io.llmtrace.controlplane.audit.Audit;
import io.llmtrace.controlplane.audit.Change;
import io.llmtrace.controlplane.http.Cursor;
import io.llmtrace.controlplane.http.Gives;
import io.llmtrace.controlplane.http.JsonBody;
import io.llmtrace.controlplane.http.Page;
import io.llmtrace.controlplane.http.Problem;
import io.llmtrace.controlplane.http.QueryParameters;
import io.llmtrace.controlplane.http.Takes;
import io.llmtrace.controlplane.idempotency.IdempotentPost;
import io.llmtrace.controlplane.query.Conditions;
import io.llmtrace.controlplane.settings.Setting;
import io.llmtrace.controlplane.settings.Settings;
import io.llmtrace.controlplane.storage.ScopedJdbi;
import io.llmtrace.policies.id.Ulid;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.HeaderParam;
import jakarta.ws.rs.PATCH;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.UriInfo;
import java.io.IOException;
import java.io.InputStream;
import java.time.Clock;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/** {@code /api/v1/budgets}. */
@Path("/api/v1/budgets")
@Produces("application/json")
public final class BudgetsResource {
  /** What a new budget is that does not say. */
  public static final Setting<String> ENFORCEMENT =
      Setting.choice(
          "budgets.enforcement",
          Setting.Scope.TENANT,
          "soft",
          BudgetFields.ENFORCEMENTS,
          "Whether new budgets that do not say are told of only (soft) or held (hard).");

  private final ScopedJdbi jdbi;
  private final Clock clock;
  private final Settings settings;
  private final Ulid ids = new Ulid();

  public BudgetsResource(ScopedJdbi jdbi, Clock clock, Settings settings) {
    this.jdbi = jdbi;
    this.clock = clock;
    this.settings = settings;
  }

  /** Lists budgets with what is spent of them, the newest first. */
  @GET
  @Requires(Permission.BUDGETS_READ)
  public Page<BudgetState> list(
      @Context Caller caller,
      @Context UriInfo uri,
      @QueryParam("limit") @Nullable String limit,
      @QueryParam("cursor") @Nullable String cursor,
      @QueryParam("tenant") @Nullable String tenant) {
    QueryParameters.only(uri, "limit", "cursor", "tenant");
    int most = Page.limit(limit);
    Cursor behind = Cursor.decode(cursor, 1);
    Map<String, Object> binds = new LinkedHashMap<>();
    StringBuilder sql = new StringBuilder(Budget.SELECT).append(" WHERE true");
    sql.append(Conditions.of(caller, Permission.BUDGETS_READ, "b.tenant").into(binds));
    if (behind != null) {
      sql.append(" AND b.id < :behind");
      binds.put("behind", behind.keys().get(0));
    }
    if (tenant != null) {
      sql.append(" AND b.tenant = :tenant");
      binds.put("tenant", tenant);
    }
    binds.put("most", most + 1);
    sql.append(" ORDER BY b.id DESC LIMIT :most");
    List<BudgetState> rows =
        jdbi.read(
            caller,
            Permission.BUDGETS_READ,
            handle ->
                handle
                    .createQuery(sql.toString())
                    .bindMap(binds)
                    .map((row, context) -> Budget.of(row))
                    .list()
                    .stream()
                    .map(budget -> BudgetState.of(handle, budget, clock.instant()))
                    .toList());
    return Page.of(rows, most, last -> Cursor.after(last.budget().id()));
  }

  /** Shows a budget with what is spent of it. */
  @GET
  @Path("{id}")
  @Requires(Permission.BUDGETS_READ)
  @Gives(value = BudgetState.class, headers = "ETag")
  public Response get(@Context Caller caller, @Context UriInfo uri, @PathParam("id") String id) {
    QueryParameters.only(uri);
    BudgetState budget =
        jdbi.read(
            caller,
            Permission.BUDGETS_READ,
            handle ->
                BudgetState.of(
                    handle,
                    find(handle, caller, Permission.BUDGETS_READ, id, ""),
                    clock.instant()));
    return Response.ok(budget).header("ETag", budget.budget().tag().tag()).build();
  }

  /** Makes a budget. */
  @POST
  @Requires(Permission.BUDGETS_WRITE)
  @Takes(body = BudgetFields.OfNew.class, repeating = Takes.Repeating.WORKS_ONCE)
  @Gives(
      value = Budget.class,
      status = 201,
      headers = {"ETag", "Location"})
  public Response create(
      @Context Caller caller, @Context ContainerRequestContext request, InputStream in)
      throws IOException {
    JsonBody body = JsonBody.read(in);
    BudgetFields fields = BudgetFields.ofNew(body, tenant -> settings.of(tenant, ENFORCEMENT));
    body.finish();
    caller.require(Permission.BUDGETS_WRITE, fields.tenant());
    return jdbi.write(
        caller,
        Permission.BUDGETS_WRITE,
        handle -> IdempotentPost.of(request, body).run(handle, () -> made(handle, caller, fields)));
  }

  private IdempotentPost.Made made(Handle handle, Caller caller, BudgetFields fields) {
    String id = ids.next();
    handle
        .createUpdate(
            "INSERT INTO budgets (id, name, tenant, dimension, key, time_window, window_kind, usd,"
                + " tokens, enforcement, thresholds) VALUES (:id, :name, :tenant, :dimension, :key,"
                + " :window, :kind, :usd, :tokens, :enforcement, :thresholds)")
        .bind("id", id)
        .bind("name", fields.name())
        .bind("tenant", fields.tenant())
        .bind("dimension", fields.dimension())
        .bind("key", fields.key())
        .bind("window", fields.window())
        .bind("kind", fields.windowKind())
        .bind("usd", fields.amount().usd())
        .bind("tokens", fields.amount().tokens())
        .bind("enforcement", fields.enforcement())
        .bindArray("thresholds", Integer.class, fields.thresholds())
        .execute();
    Budget budget = find(handle, caller, Permission.BUDGETS_WRITE, id, "");
    audited(handle, caller, "budget.create", budget.tenant(), id, null, budget);
    return new IdempotentPost.Made(
        201, Map.of("Location", "/api/v1/budgets/" + id, "ETag", budget.tag().tag()), budget);
  }

  /** Changes the fields that are sent: name, usd or tokens, enforcement, thresholds. */
  @PATCH
  @Path("{id}")
  @Requires(Permission.BUDGETS_WRITE)
  @Takes(body = BudgetFields.OfChange.class)
  @Gives(value = Budget.class, headers = "ETag")
  public Response change(
      @Context Caller caller,
      @PathParam("id") String id,
      @HeaderParam("If-Match") @Nullable String ifMatch,
      InputStream in)
      throws IOException {
    JsonBody body = JsonBody.read(in);
    BudgetFields.Changed fields = BudgetFields.changed(body);
    body.finish();
    Budget changed =
        jdbi.write(
            caller,
            Permission.BUDGETS_WRITE,
            handle -> {
              Budget before = find(handle, caller, Permission.BUDGETS_WRITE, id, " FOR UPDATE");
              before.tag().require(ifMatch);
              boolean amount = fields.amount().usd() != null || fields.amount().tokens() != null;
              List<Integer> thresholds = fields.thresholds();
              handle
                  .createUpdate(
                      "UPDATE budgets SET name = :name, usd = :usd, tokens = :tokens,"
                          + " enforcement = :enforcement, thresholds = :thresholds,"
                          + " revision = revision + 1 WHERE id = :id")
                  .bind("name", fields.name() == null ? before.name() : fields.name())
                  .bind("usd", amount ? fields.amount().usd() : before.usd())
                  .bind("tokens", amount ? fields.amount().tokens() : before.tokens())
                  .bind(
                      "enforcement",
                      fields.enforcement() == null ? before.enforcement() : fields.enforcement())
                  .bindArray(
                      "thresholds",
                      Integer.class,
                      thresholds == null ? before.thresholds() : thresholds)
                  .bind("id", id)
                  .execute();
              Budget after = find(handle, caller, Permission.BUDGETS_WRITE, id, "");
              audited(handle, caller, "budget.change", after.tenant(), id, before, after);
              return after;
            });
    return Response.ok(changed).header("ETag", changed.tag().tag()).build();
  }

  /** Ends a budget. */
  @DELETE
  @Path("{id}")
  @Requires(Permission.BUDGETS_WRITE)
  @Gives(value = Void.class, status = 204)
  public Response delete(
      @Context Caller caller,
      @PathParam("id") String id,
      @HeaderParam("If-Match") @Nullable String ifMatch) {
    jdbi.write(
        caller,
        Permission.BUDGETS_WRITE,
        handle -> {
          Budget before = find(handle, caller, Permission.BUDGETS_WRITE, id, " FOR UPDATE");
          before.tag().require(ifMatch);
          handle.execute("DELETE FROM budgets WHERE id = ?", id);
          audited(handle, caller, "budget.delete", before.tenant(), id, before, null);
          return before;
        });
    return Response.noContent().build();
  }

  private static void audited(
      Handle handle,
      Caller caller,
      String action,
      String tenant,
      String id,
      @Nullable Budget before,
      @Nullable Budget after) {
    Audit.append(handle, caller, new Change(action, tenant, "budget:" + id, before, after));
  }

  private static Budget find(
      Handle handle, Caller caller, Permission permission, String id, String lock) {
    Map<String, Object> binds = new LinkedHashMap<>();
    String sql =
        Budget.SELECT
            + " WHERE b.id = :id"
            + Conditions.of(caller, permission, "b.tenant").into(binds)
            + lock;
    if (!Ulid.isValid(id)) {
      throw Problem.absent("budget");
    }
    return handle
        .createQuery(sql)
        .bindMap(binds)
        .bind("id", id)
        .map((row, context) -> Budget.of(row))
        .findOne()
        .orElseThrow(() -> Problem.absent("budget"));
  }
}
