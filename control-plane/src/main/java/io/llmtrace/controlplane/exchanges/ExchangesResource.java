package io.llmtrace.controlplane.exchanges;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmtrace.controlplane.access.Caller;
import io.llmtrace.controlplane.access.Permission;
import io.llmtrace.controlplane.access.Requires;
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
import io.llmtrace.policies.id.Ulid;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.UriInfo;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** {@code /api/v1/exchanges}: what was asked, decided and answered. */
@Path("/api/v1/exchanges")
@Produces("application/json")
public final class ExchangesResource {
  private static final List<String> LIST =
      Parameters.names(ExchangeFilter.NAMES, List.of("fields", "limit", "cursor"));

  private final ScopedJdbi jdbi;

  public ExchangesResource(ScopedJdbi jdbi) {
    this.jdbi = jdbi;
  }

  /** Newest first unless {@code order=oldest}. */
  @GET
  @Requires(Permission.EXCHANGES_READ)
  @Takes(
      query = {
        "decision_id",
        "tenant",
        "route",
        "consumer",
        "agent",
        "provider",
        "model",
        "conversation",
        "outcome",
        "action",
        "status",
        "state",
        "finding_type",
        "finding_severity",
        "min_cost_usd",
        "min_latency_ms",
        "since",
        "until",
        "order",
        "fields"
      })
  public Page<ObjectNode> list(
      @Context Caller caller,
      @Context UriInfo uri,
      @QueryParam("limit") @Nullable String limit,
      @QueryParam("cursor") @Nullable String cursor) {
    Parameters parameters = Parameters.of(uri, LIST);
    ExchangeFilter filter = ExchangeFilter.of(caller, Permission.EXCHANGES_READ, parameters);
    Fields fields = Fields.of(parameters, ExchangeRows.SHAPE);
    int most = Page.limit(limit);
    Place behind = Place.of(cursor, filter.order());
    return ExchangeRows.page(
        new Reading.Apart(jdbi, caller, Permission.EXCHANGES_READ), filter, fields, most, behind);
  }

  /** One exchange with its findings, those of the request before those of the answer. */
  @GET
  @Path("{id}")
  @Requires(Permission.EXCHANGES_READ)
  public ObjectNode get(@Context Caller caller, @Context UriInfo uri, @PathParam("id") String id) {
    Parameters unused = Parameters.of(uri, List.of());
    if (!Ulid.isValid(id)) {
      throw Problem.absent("exchange");
    }
    ExchangeFilter one =
        new ExchangeFilter(
            Conditions.of(caller, Permission.EXCHANGES_READ, "e.tenant"),
            null,
            Bounds.only(id),
            Order.NEWEST);
    Page<ObjectNode> found =
        ExchangeRows.page(
            new Reading.Apart(jdbi, caller, Permission.EXCHANGES_READ), one, Fields.all(), 1, null);
    if (found.items().isEmpty()) {
      throw Problem.absent("exchange");
    }
    ObjectNode exchange = found.items().get(0);
    ArrayNode findings = exchange.putArray("findings");
    add(findings, id, "request", exchange.path("inspection"));
    add(findings, id, "answer", exchange.path("completion"));
    return exchange;
  }

  private static void add(ArrayNode findings, String id, String origin, JsonNode half) {
    int place = 0;
    for (JsonNode each : half.path("findings")) {
      place++;
      if (each instanceof ObjectNode finding) {
        findings.add(
            finding.deepCopy().put("id", id + "." + origin + "." + place).put("origin", origin));
      }
    }
  }
}
