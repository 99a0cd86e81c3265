package io.llmtrace.controlplane.exchanges;

import io.llmtrace.controlplane.access.Caller;
import io.llmtrace.controlplane.access.Permission;
import io.llmtrace.controlplane.access.Requires;
import io.llmtrace.controlplane.export.Exports;
import io.llmtrace.controlplane.export.Format;
import io.llmtrace.controlplane.export.Lines;
import io.llmtrace.controlplane.http.Takes;
import io.llmtrace.controlplane.query.Days;
import io.llmtrace.controlplane.query.Fields;
import io.llmtrace.controlplane.query.Parameters;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.HeaderParam;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.UriInfo;
import java.io.IOException;
import java.util.Iterator;
import java.util.List;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.Query;
import org.jspecify.annotations.Nullable;

/** {@code GET /api/v1/exchanges/export}: all exchanges of a filter. */
@Path("/api/v1/exchanges/export")
public final class ExchangesExport {
  private static final List<String> NAMES =
      Parameters.names(ExchangeFilter.NAMES, List.of("fields", "format"));

  private static final List<Lines.Column> COLUMNS =
      List.of(
          Lines.Column.of("decision_id"),
          Lines.Column.of("at"),
          Lines.Column.of("tenant"),
          Lines.Column.of("route"),
          Lines.Column.of("consumer"),
          Lines.Column.of("agent"),
          Lines.Column.of("provider"),
          Lines.Column.of("model"),
          Lines.Column.of("conversation"),
          Lines.Column.of("node"),
          Lines.Column.of("outcome"),
          new Lines.Column("action", "/inspection/decision/action"),
          Lines.Column.of("state"),
          new Lines.Column("status", "/completion/status"),
          new Lines.Column("latency_ms", "/completion/latency_ms"),
          new Lines.Column("prompt_tokens", "/completion/usage/prompt_tokens"),
          new Lines.Column("completion_tokens", "/completion/usage/completion_tokens"),
          new Lines.Column("cost_usd", "/completion/cost_usd"));

  private final Exports exports;

  public ExchangesExport(Exports exports) {
    this.exports = exports;
  }

  @GET
  @Requires(Permission.EXPORT_READ)
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
        "fields",
        "format"
      })
  @Produces({"application/x-ndjson", "text/csv"})
  public Response export(
      @Context Caller caller,
      @Context UriInfo uri,
      @HeaderParam("Accept-Encoding") @Nullable String acceptEncoding) {
    Parameters parameters = Parameters.of(uri, NAMES);
    ExchangeFilter filter = ExchangeFilter.of(caller, Permission.EXPORT_READ, parameters);
    Fields fields = Fields.of(parameters, ExchangeRows.SHAPE);
    Format format = Format.of(parameters, List.of("ndjson", "csv"));
    if (format == Format.CSV && parameters.list("fields") != null) {
      throw Parameters.wrong("fields", "none with format=csv, whose columns are fixed");
    }
    return exports.answer(
        caller,
        new Exports.What("exchanges", format, parameters.sent(), COLUMNS),
        acceptEncoding,
        Exports.byDay(
            filter.bounds(),
            filter.order(),
            (handle, day, lines) -> write(handle, day, filter, fields, lines)));
  }

  private static void write(
      Handle handle, Days day, ExchangeFilter filter, Fields fields, Lines lines)
      throws IOException {
    try (Query query = handle.createQuery(ExchangeRows.sql(filter, fields, day, false))) {
      ExchangeRows.bind(query, filter, filter.bounds(), null);
      Iterator<ExchangeRows.Row> rows =
          query
              .setFetchSize(Exports.FETCH)
              .map((row, context) -> ExchangeRows.row(row, fields))
              .iterator();
      while (rows.hasNext()) {
        lines.write(rows.next().item());
      }
    }
  }
}
