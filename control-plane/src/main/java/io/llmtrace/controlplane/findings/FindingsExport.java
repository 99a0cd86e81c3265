package io.llmtrace.controlplane.findings;

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

/** {@code GET /api/v1/findings/export}: all findings of a filter. */
@Path("/api/v1/findings/export")
public final class FindingsExport {
  private static final List<String> NAMES =
      Parameters.names(FindingFilter.NAMES, List.of("fields", "format"));

  private static final List<Lines.Column> COLUMNS =
      FindingRows.SHAPE.plain().stream().map(Lines.Column::of).toList();

  private final Exports exports;

  public FindingsExport(Exports exports) {
    this.exports = exports;
  }

  @GET
  @Requires(Permission.EXPORT_READ)
  @Takes(
      query = {
        "decision_id",
        "tenant",
        "route",
        "type",
        "severity",
        "state",
        "origin",
        "detector",
        "rule",
        "zone",
        "q",
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
    FindingFilter filter = FindingFilter.of(caller, Permission.EXPORT_READ, parameters);
    Fields fields = Fields.of(parameters, FindingRows.SHAPE);
    Format format = Format.of(parameters, List.of("ndjson", "csv", "ocsf"));
    if (format != Format.NDJSON && parameters.list("fields") != null) {
      throw Parameters.wrong("fields", "none but with format=ndjson");
    }
    return exports.answer(
        caller,
        new Exports.What("findings", format, parameters.sent(), COLUMNS),
        acceptEncoding,
        Exports.byDay(
            filter.bounds(),
            filter.order(),
            (handle, day, lines) -> write(handle, day, filter, fields, format, lines)));
  }

  private static void write(
      Handle handle, Days day, FindingFilter filter, Fields fields, Format format, Lines lines)
      throws IOException {
    try (Query query = handle.createQuery(FindingRows.sql(filter, day, false))) {
      FindingRows.bind(query, filter, filter.bounds(), null);
      Iterator<FindingRows.Row> rows =
          query.setFetchSize(Exports.FETCH).map((row, context) -> FindingRows.row(row)).iterator();
      while (rows.hasNext()) {
        FindingRows.Row row = rows.next();
        lines.write(format == Format.OCSF ? Ocsf.event(row) : fields.of(row.item()));
      }
    }
  }
}
