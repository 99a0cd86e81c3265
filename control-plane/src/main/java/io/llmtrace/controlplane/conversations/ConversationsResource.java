package io.llmtrace.controlplane.conversations;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmtrace.controlplane.access.Caller;
import io.llmtrace.controlplane.access.Permission;
import io.llmtrace.controlplane.access.Requires;
import io.llmtrace.controlplane.exchanges.ExchangeFilter;
import io.llmtrace.controlplane.exchanges.ExchangeRows;
import io.llmtrace.controlplane.http.Page;
import io.llmtrace.controlplane.http.Problem;
import io.llmtrace.controlplane.http.Takes;
import io.llmtrace.controlplane.query.Bounds;
import io.llmtrace.controlplane.query.Conditions;
import io.llmtrace.controlplane.query.Fields;
import io.llmtrace.controlplane.query.Order;
import io.llmtrace.controlplane.query.Parameters;
import io.llmtrace.controlplane.query.Place;
import io.llmtrace.controlplane.query.Reading;
import io.llmtrace.controlplane.storage.ScopedJdbi;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.UriInfo;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** {@code /api/v1/conversations}: exchanges that belong together. */
@Path("/api/v1/conversations")
@Produces("application/json")
public final class ConversationsResource {
  /** A conversation is put together from the days that are asked for, so these are few. */
  private static final Duration LONGEST = Duration.ofDays(31);

  private static final Duration LISTED = Duration.ofDays(7);

  private static final List<String> COLUMNS = List.of("tenant", "route", "consumer", "agent");
  private static final List<String> LIST =
      Parameters.names(COLUMNS, List.of("since", "until", "order", "limit", "cursor"));

  private final ScopedJdbi jdbi;
  private final Clock clock;

  public ConversationsResource(ScopedJdbi jdbi, Clock clock) {
    this.jdbi = jdbi;
    this.clock = clock;
  }

  /** By their first exchange in the time asked for; the last seven days where none is. */
  @GET
  @Requires(Permission.EXCHANGES_READ)
  @Takes(query = {"tenant", "route", "consumer", "agent", "since", "until", "order"})
  public Page<Conversation> list(
      @Context Caller caller,
      @Context UriInfo uri,
      @QueryParam("limit") @Nullable String limit,
      @QueryParam("cursor") @Nullable String cursor) {
    Parameters parameters = Parameters.of(uri, LIST);
    Conditions own = Conditions.of(caller, Permission.EXCHANGES_READ, "e.tenant");
    Conditions wanted = Conditions.of(caller, Permission.EXCHANGES_READ, "e.tenant");
    for (String column : COLUMNS) {
      wanted.when("e." + column + " = :" + column, column, parameters.text(column));
    }
    Order order = parameters.choice("order", Order.class);
    Order through = order == null ? Order.NEWEST : order;
    Bounds bounds = bounds(parameters, LISTED);
    int most = Page.limit(limit);
    Place behind = Place.of(cursor, through);
    return ConversationRows.page(
        new Reading.Apart(jdbi, caller, Permission.EXCHANGES_READ),
        own,
        wanted,
        bounds,
        through,
        most,
        behind);
  }

  /** One conversation with a page of its exchanges, oldest first. */
  @GET
  @Path("{id}")
  @Requires(Permission.EXCHANGES_READ)
  @Takes(query = {"since", "until", "fields"})
  public Conversation get(
      @Context Caller caller,
      @Context UriInfo uri,
      @PathParam("id") String id,
      @QueryParam("limit") @Nullable String limit,
      @QueryParam("cursor") @Nullable String cursor) {
    Parameters parameters =
        Parameters.of(uri, List.of("since", "until", "fields", "limit", "cursor"));
    Bounds bounds = bounds(parameters, LONGEST);
    Fields fields = Fields.of(parameters, ExchangeRows.SHAPE);
    int most = Page.limit(limit);
    Place behind = Place.of(cursor, Order.OLDEST);
    if (!id.matches("[0-9a-f]{32}")) {
      throw Problem.absent("conversation");
    }
    Conditions own = Conditions.of(caller, Permission.EXCHANGES_READ, "e.tenant");
    return jdbi.read(
        caller,
        Permission.EXCHANGES_READ,
        handle -> {
          Conversation found = ConversationRows.sums(handle, own, bounds, List.of(id)).get(id);
          if (found == null) {
            throw Problem.absent("conversation");
          }
          ExchangeFilter its =
              new ExchangeFilter(
                  own.and("e.conversation = :conversation AND e.conversation <> ''")
                      .bind("conversation", id),
                  null,
                  bounds,
                  Order.OLDEST);
          Page<ObjectNode> page =
              ExchangeRows.page(new Reading.Together(handle), its, fields, most, behind);
          return found.with(page);
        });
  }

  private Bounds bounds(Parameters parameters, Duration wont) {
    Instant since = parameters.time("since");
    Instant until = parameters.time("until");
    // Clocks of nodes may be ahead.
    Instant end =
        until != null
            ? until
            : since != null ? since.plus(LONGEST) : clock.instant().plus(Duration.ofDays(1));
    Instant start = since != null ? since : end.minus(wont);
    if (Duration.between(start, end).compareTo(LONGEST) > 0 || !start.isBefore(end)) {
      throw Parameters.wrong("since", "a time before until, and at most 31 days before it");
    }
    return Bounds.between(start, end);
  }
}
