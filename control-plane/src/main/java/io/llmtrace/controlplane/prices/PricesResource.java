package io.llmtrace.controlplane.prices;

import io.llmtrace.controlplane.access.Caller;
import io.llmtrace.controlplane.access.Permission;
import io.llmtrace.controlplane.access.Requires;
import io.llmtrace.controlplane.access.TenantScope;
import io.llmtrace.controlplane.audit.Audit;
import io.llmtrace.controlplane.audit.Change;
import io.llmtrace.controlplane.http.Cursor;
import io.llmtrace.controlplane.http.Gives;
import io.llmtrace.controlplane.http.JsonBody;
import io.llmtrace.controlplane.http.Page;
import io.llmtrace.controlplane.http.Problem;
import io.llmtrace.controlplane.http.QueryParameters;
import io.llmtrace.controlplane.http.Revision;
import io.llmtrace.controlplane.http.Takes;
import io.llmtrace.controlplane.idempotency.IdempotentPost;
import io.llmtrace.controlplane.storage.ScopedJdbi;
import io.llmtrace.policies.id.Ulid;
import io.llmtrace.policies.usage.ListedPrice;
import io.llmtrace.policies.usage.Price;
import io.llmtrace.policies.usage.PriceOverride;
import io.llmtrace.policies.usage.PriceOverrides;
import io.llmtrace.policies.usage.PriceTable;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.HeaderParam;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.PUT;
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
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.Query;
import org.jdbi.v3.core.statement.Update;
import org.jspecify.annotations.Nullable;

/** {@code /api/v1/prices}: what models cost, and prices of one's own. */
@Path("/api/v1/prices")
@Produces("application/json")
public final class PricesResource {
  /** Stored ones; each plugin has all of them. */
  private static final int MOST = 2_000;

  private static final Comparator<List<String>> ORDER =
      (a, b) -> Arrays.compare(a.toArray(String[]::new), b.toArray(String[]::new));

  private final ScopedJdbi jdbi;
  private final Clock clock;
  private final PriceTable listed;
  private final Ulid ids = new Ulid();

  /**
   * @param file prices of {@code llmtrace.yaml}
   */
  public PricesResource(ScopedJdbi jdbi, Clock clock, List<Price> file) {
    this.jdbi = jdbi;
    this.clock = clock;
    this.listed = PriceTable.with(file);
  }

  private LocalDate today() {
    return LocalDate.ofInstant(clock.instant(), ZoneOffset.UTC);
  }

  /**
   * Lists all prices by provider and model: shipped ones, the file's, and stored ones.
   *
   * @param provider label of a provider
   * @param model a name, as its entry has it or as an exchange names it: then the entries that may
   *     price it, the longest first that holds
   * @param listedIn {@code built_in}, {@code file} or {@code stored}
   */
  @GET
  @Requires(Permission.PRICES_READ)
  public Page<PriceLine> list(
      @Context Caller caller,
      @Context UriInfo uri,
      @QueryParam("limit") @Nullable String limit,
      @QueryParam("cursor") @Nullable String cursor,
      @QueryParam("provider") @Nullable String provider,
      @QueryParam("model") @Nullable String model,
      @QueryParam("tenant") @Nullable String tenant,
      @QueryParam("listed_in") @Nullable String listedIn) {
    QueryParameters.only(uri, "limit", "cursor", "provider", "model", "tenant", "listed_in");
    int most = Page.limit(limit);
    Cursor behind = Cursor.decode(cursor, 5);
    List<PriceOverride> stored =
        jdbi.read(caller, Permission.PRICES_READ, handle -> stored(handle, caller));
    Map<String, List<ListedPrice>> same = new HashMap<>();
    PriceTable all = listed.with(new PriceOverrides(1, stored));
    List<ListedPrice> prices = new ArrayList<>(all.listed());
    // What is listed later counts first among equals.
    java.util.Collections.reverse(prices);
    prices.sort(Comparator.comparingInt(ListedPrice::rank));
    prices.forEach(each -> same.computeIfAbsent(key(each), k -> new ArrayList<>()).add(each));
    List<PriceLine> lines =
        prices.stream()
            .map(each -> PriceLine.of(each, same.getOrDefault(key(each), List.of()), today()))
            .filter(each -> provider == null || each.provider().equals(provider))
            .filter(each -> model == null || names(each.model(), model))
            .filter(each -> listedIn == null || each.listedIn().equals(listedIn))
            .filter(each -> tenant == null || each.tenant() == null || each.tenant().equals(tenant))
            .filter(each -> behind == null || ORDER.compare(each.order(), behind.keys()) > 0)
            .sorted(Comparator.comparing(PriceLine::order, ORDER))
            .limit(most + 1L)
            .toList();
    return Page.of(lines, most, last -> Cursor.after(last.order().toArray(String[]::new)));
  }

  private static boolean names(String entry, String model) {
    String name = model.toLowerCase(Locale.ROOT);
    return entry.endsWith("*")
        ? name.startsWith(entry.substring(0, entry.length() - 1))
        : entry.equals(name);
  }

  private static String key(ListedPrice listed) {
    return listed.price().provider() + "\n" + listed.price().model().toLowerCase(Locale.ROOT);
  }

  /** Shows a stored price. */
  @GET
  @Path("{id}")
  @Requires(Permission.PRICES_READ)
  @Gives(value = PriceOverride.class, headers = "ETag")
  public Response get(@Context Caller caller, @Context UriInfo uri, @PathParam("id") String id) {
    QueryParameters.only(uri);
    PriceOverride price =
        jdbi.read(
            caller,
            Permission.PRICES_READ,
            handle -> find(handle, caller, Permission.PRICES_READ, id, ""));
    return Response.ok(price).header("ETag", tag(price).tag()).build();
  }

  /**
   * Stores a price, for a tenant or for everybody. Plugins go by it within seconds, for exchanges
   * of the days that it holds for; what is priced already stays as it is.
   */
  @POST
  @Requires(Permission.PRICES_WRITE)
  @Takes(body = PriceFields.Body.class, repeating = Takes.Repeating.WORKS_ONCE)
  @Gives(
      value = PriceOverride.class,
      status = 201,
      headers = {"ETag", "Location"})
  public Response create(
      @Context Caller caller, @Context ContainerRequestContext request, InputStream in)
      throws IOException {
    JsonBody body = JsonBody.read(in);
    PriceFields fields = PriceFields.of(body, today());
    body.finish();
    require(caller, fields.tenant());
    return jdbi.write(
        caller,
        Permission.PRICES_WRITE,
        handle -> IdempotentPost.of(request, body).run(handle, () -> made(handle, caller, fields)));
  }

  private IdempotentPost.Made made(Handle handle, Caller caller, PriceFields fields) {
    String id = ids.next();
    alone(handle, id, fields);
    bound(
            handle.createUpdate(
                "INSERT INTO price_overrides (id, tenant, provider, model, input, cached_input,"
                    + " cache_write, output, up_to_prompt_tokens, valid_from, valid_until, source)"
                    + " VALUES (:id, :tenant, :provider, :model, :input, :cached, :written, :output,"
                    + " :longest, CAST(:from AS date), CAST(:until AS date), :source)"),
            id,
            fields)
        .execute();
    PriceOverride price = find(handle, caller, Permission.PRICES_WRITE, id, "");
    audited(handle, caller, "price.create", null, price);
    return new IdempotentPost.Made(
        201, Map.of("Location", "/api/v1/prices/" + id, "ETag", tag(price).tag()), price);
  }

  /** Replaces a stored price; whose it is stays. */
  @PUT
  @Path("{id}")
  @Requires(Permission.PRICES_WRITE)
  @Takes(body = PriceFields.Body.class)
  @Gives(value = PriceOverride.class, headers = "ETag")
  public Response replace(
      @Context Caller caller,
      @PathParam("id") String id,
      @HeaderParam("If-Match") @Nullable String ifMatch,
      InputStream in)
      throws IOException {
    JsonBody body = JsonBody.read(in);
    PriceFields fields = PriceFields.of(body, today());
    body.finish();
    PriceOverride replaced =
        jdbi.write(
            caller,
            Permission.PRICES_WRITE,
            handle -> {
              PriceOverride before =
                  find(handle, caller, Permission.PRICES_WRITE, id, " FOR UPDATE");
              tag(before).require(ifMatch);
              if (!java.util.Objects.equals(before.tenant(), fields.tenant())) {
                throw Problem.of(400, "tenant: expected whose it is, which cannot be changed");
              }
              alone(handle, id, fields);
              bound(
                      handle.createUpdate(
                          "UPDATE price_overrides SET provider = :provider, model = :model, input ="
                              + " :input, cached_input = :cached, cache_write = :written, output ="
                              + " :output, up_to_prompt_tokens = :longest, valid_from = CAST(:from"
                              + " AS date), valid_until = CAST(:until AS date), source = :source,"
                              + " revision = revision + 1 WHERE id = :id AND tenant IS NOT DISTINCT"
                              + " FROM :tenant"),
                      id,
                      fields)
                  .execute();
              PriceOverride after = find(handle, caller, Permission.PRICES_WRITE, id, "");
              audited(handle, caller, "price.change", before, after);
              return after;
            });
    return Response.ok(replaced).header("ETag", tag(replaced).tag()).build();
  }

  /** Forgets a stored price; costs that were made with it stay. */
  @DELETE
  @Path("{id}")
  @Requires(Permission.PRICES_WRITE)
  @Gives(value = Void.class, status = 204)
  public Response delete(
      @Context Caller caller,
      @PathParam("id") String id,
      @HeaderParam("If-Match") @Nullable String ifMatch) {
    jdbi.write(
        caller,
        Permission.PRICES_WRITE,
        handle -> {
          PriceOverride before = find(handle, caller, Permission.PRICES_WRITE, id, " FOR UPDATE");
          tag(before).require(ifMatch);
          handle.execute("DELETE FROM price_overrides WHERE id = ?", id);
          audited(handle, caller, "price.delete", before, null);
          return before;
        });
    return Response.noContent().build();
  }

  private static void require(Caller caller, @Nullable String tenant) {
    caller.require(
        Permission.PRICES_WRITE, tenant == null ? TenantScope.all() : TenantScope.of(tenant));
  }

  /** Refuses a price beside another one that holds for some of its days. */
  private static void alone(Handle handle, String id, PriceFields fields) {
    // Two that do not see each other would both be alone.
    handle.execute("SELECT pg_advisory_xact_lock(hashtextextended('llmtrace.prices', 0))");
    int count =
        handle
            .createQuery("SELECT count(*) FROM price_overrides WHERE id <> :id")
            .bind("id", id)
            .mapTo(Integer.class)
            .one();
    if (count >= MOST) {
      throw Problem.of(409, "expected at most " + MOST + " stored prices");
    }
    bound(handle.createQuery(SELECT_OTHERS), id, fields)
        .map((row, context) -> StoredPrices.of(row))
        .findFirst()
        .ifPresent(
            other -> {
              throw Problem.of(
                  409,
                  "valid_from: price "
                      + other.id()
                      + " of the same provider, model and tenant holds from "
                      + other.validFrom()
                      + (other.validUntil() == null ? " on" : " until " + other.validUntil())
                      + "; end that one first");
            });
  }

  private static final String SELECT_OTHERS =
      StoredPrices.SELECT
          + " WHERE id <> :id AND tenant IS NOT DISTINCT FROM :tenant AND provider = :provider"
          + " AND model = :model AND daterange(valid_from, valid_until) &&"
          + " daterange(CAST(:from AS date), CAST(:until AS date)) LIMIT 1";

  private static Query bound(Query query, String id, PriceFields fields) {
    LocalDate until = fields.validUntil();
    return query
        .bind("id", id)
        .bind("tenant", fields.tenant())
        .bind("provider", fields.provider())
        .bind("model", fields.model())
        .bind("from", fields.validFrom().toString())
        .bind("until", until == null ? null : until.toString());
  }

  private static Update bound(Update update, String id, PriceFields fields) {
    LocalDate until = fields.validUntil();
    return update
        .bind("id", id)
        .bind("tenant", fields.tenant())
        .bind("provider", fields.provider())
        .bind("model", fields.model())
        .bind("input", fields.input())
        .bind("cached", fields.cachedInput())
        .bind("written", fields.cacheWrite())
        .bind("output", fields.output())
        .bind("longest", fields.upToPromptTokens())
        .bind("from", fields.validFrom().toString())
        .bind("until", until == null ? null : until.toString())
        .bind("source", fields.source());
  }

  private static List<PriceOverride> stored(Handle handle, Caller caller) {
    return scoped(handle, caller, Permission.PRICES_READ, " ORDER BY id")
        .map((row, context) -> StoredPrices.of(row))
        .list();
  }

  /** For reading also what holds for everybody; for writing that takes all tenants. */
  private static Query scoped(Handle handle, Caller caller, Permission permission, String rest) {
    TenantScope own = caller.tenants(permission);
    String global = permission == Permission.PRICES_READ ? "tenant IS NULL OR " : "";
    Query query =
        handle.createQuery(
            StoredPrices.SELECT
                + (own instanceof TenantScope.Only
                    ? " WHERE (" + global + "tenant = ANY(:own))"
                    : " WHERE true")
                + rest);
    if (own instanceof TenantScope.Only only) {
      query.bindArray("own", String.class, only.tenants());
    }
    return query;
  }

  private static PriceOverride find(
      Handle handle, Caller caller, Permission permission, String id, String lock) {
    if (!Ulid.isValid(id)) {
      throw Problem.absent("price");
    }
    return scoped(handle, caller, permission, " AND id = :id" + lock)
        .bind("id", id)
        .map((row, context) -> StoredPrices.of(row))
        .findOne()
        .orElseThrow(() -> Problem.absent("price"));
  }

  private static Revision tag(PriceOverride price) {
    return new Revision(price.revision());
  }

  private static void audited(
      Handle handle,
      Caller caller,
      String action,
      @Nullable PriceOverride before,
      @Nullable PriceOverride after) {
    PriceOverride either = after == null ? before : after;
    if (either != null) {
      Audit.append(
          handle,
          caller,
          new Change(action, either.tenant(), "price:" + either.id(), before, after));
    }
  }
}
