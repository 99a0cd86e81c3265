package io.llmtrace.controlplane.budgets;

import io.llmtrace.controlplane.access.Caller;
import io.llmtrace.controlplane.access.Permission;
import io.llmtrace.controlplane.access.Requires;
import io.llmtrace.controlplane.access.TenantScope;
import io.llmtrace.controlplane.http.Page;
import io.llmtrace.controlplane.http.Problem;
import io.llmtrace.controlplane.http.QueryParameters;
import io.llmtrace.controlplane.statistics.Dimension;
import io.llmtrace.controlplane.statistics.Spending;
import io.llmtrace.controlplane.storage.ScopedJdbi;
import io.llmtrace.policies.limit.Window;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.UriInfo;
import java.time.Clock;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** {@code /api/v1/spend}: what was spent, by whom. */
@Path("/api/v1/spend")
@Produces("application/json")
public final class SpendResource {
  private static final List<String> BY = List.of("tenant", "route", "consumer", "agent", "model");
  private static final List<String> WINDOWS =
      Arrays.stream(Window.values()).map(Window::label).toList();

  /**
   * What was spent in a window.
   *
   * @param from start of the time that is summed up
   * @param until its end; of a calendar's window that is still to come
   * @param items the dearest first
   */
  public record Spend(
      String by,
      String window,
      String windowKind,
      String from,
      String until,
      List<Spending.Sum> items) {}

  private final ScopedJdbi jdbi;
  private final Clock clock;

  public SpendResource(ScopedJdbi jdbi, Clock clock) {
    this.jdbi = jdbi;
    this.clock = clock;
  }

  /**
   * Sums up what was spent in a window, the dearest first.
   *
   * @param by {@code tenant} (default), {@code route}, {@code consumer}, {@code agent} or {@code
   *     model}
   * @param window {@code hour}, {@code day}, {@code week} or {@code month} (default)
   * @param kind {@code rolling} (default): the last so many hours; {@code calendar}: this hour,
   *     day, week or month so far, in UTC
   */
  @GET
  @Requires(Permission.BUDGETS_READ)
  public Spend spend(
      @Context Caller caller,
      @Context UriInfo uri,
      @QueryParam("by") @Nullable String by,
      @QueryParam("window") @Nullable String window,
      @QueryParam("window_kind") @Nullable String kind,
      @QueryParam("tenant") @Nullable String tenant,
      @QueryParam("limit") @Nullable String limit) {
    QueryParameters.only(uri, "by", "window", "window_kind", "tenant", "limit");
    String dimension = choice("by", by, BY, "tenant");
    Window length = Window.of(choice("window", window, WINDOWS, "month"));
    String sort = choice("window_kind", kind, Span.KINDS, Span.ROLLING);
    int most = Page.limit(limit);
    Span span = Span.of(length, sort, clock.instant());
    List<String> tenants = tenants(caller, tenant);
    List<Spending.Sum> items =
        jdbi.read(
            caller,
            Permission.BUDGETS_READ,
            handle ->
                Spending.by(
                    handle,
                    Dimension.valueOf(dimension.toUpperCase(java.util.Locale.ROOT)),
                    tenants,
                    null,
                    span.from(),
                    span.until(),
                    most));
    return new Spend(
        dimension, length.label(), sort, span.from().toString(), span.until().toString(), items);
  }

  /** Null is all of them; one that the caller may not see is one without exchanges. */
  private static @Nullable List<String> tenants(Caller caller, @Nullable String tenant) {
    TenantScope own = caller.tenants(Permission.BUDGETS_READ);
    if (tenant != null) {
      return own.includes(tenant) ? List.of(tenant) : List.of();
    }
    return own instanceof TenantScope.Only only ? List.copyOf(only.tenants()) : null;
  }

  private static String choice(
      String name, @Nullable String text, List<String> choices, String fallback) {
    if (text == null) {
      return fallback;
    }
    if (!choices.contains(text)) {
      throw Problem.of(400, name + ": expected one of " + String.join(", ", choices));
    }
    return text;
  }
}
