package io.llmtrace.controlplane.anomalies;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmtrace.controlplane.access.Caller;
import io.llmtrace.controlplane.access.Permission;
import io.llmtrace.controlplane.access.Requires;
import io.llmtrace.controlplane.export.Exports;
import io.llmtrace.controlplane.export.Format;
import io.llmtrace.controlplane.export.Lines;
import io.llmtrace.controlplane.http.Takes;
import io.llmtrace.controlplane.query.Conditions;
import io.llmtrace.controlplane.query.Parameters;
import io.llmtrace.policies.json.WireJson;
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
import java.util.stream.Stream;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.Query;
import org.jspecify.annotations.Nullable;

/** {@code GET /api/v1/anomalies/export}: all anomalies of a filter, newest first. */
@Path("/api/v1/anomalies/export")
public final class AnomaliesExport {
  private static final List<String> NAMES =
      Parameters.names(AnomalyFilter.NAMES, List.of("format"));

  private static final List<Lines.Column> COLUMNS = columns();

  private final Exports exports;

  public AnomaliesExport(Exports exports) {
    this.exports = exports;
  }

  @GET
  @Requires(Permission.EXPORT_READ)
  @Takes(
      query = {
        "tenant",
        "type",
        "severity",
        "dimension",
        "measure",
        "agent",
        "provider",
        "model",
        "state",
        "running",
        "since",
        "until",
        "format"
      })
  @Produces({"application/x-ndjson", "text/csv"})
  public Response export(
      @Context Caller caller,
      @Context UriInfo uri,
      @HeaderParam("Accept-Encoding") @Nullable String acceptEncoding) {
    Parameters parameters = Parameters.of(uri, NAMES);
    Conditions conditions = AnomalyFilter.conditions(caller, Permission.EXPORT_READ, parameters);
    Format format = Format.of(parameters, List.of("ndjson", "csv", "ocsf"));
    return exports.answer(
        caller,
        new Exports.What("anomalies", format, parameters.sent(), COLUMNS),
        acceptEncoding,
        (reading, lines) ->
            reading.<@Nullable Void, IOException>run(
                handle -> {
                  write(handle, conditions, format, lines);
                  return null;
                }));
  }

  private static void write(Handle handle, Conditions conditions, Format format, Lines lines)
      throws IOException {
    try (Query query = AnomaliesResource.select(handle, conditions, " ORDER BY id DESC")) {
      Iterator<Anomaly> rows =
          query.setFetchSize(Exports.FETCH).map((row, context) -> Anomaly.of(row)).iterator();
      while (rows.hasNext()) {
        Anomaly row = rows.next();
        lines.write(
            format == Format.OCSF
                ? AnomalyEvents.event(row, row.revision() > 0 || row.endedAt() != null)
                : item(row));
      }
    }
  }

  private static ObjectNode item(Anomaly row) {
    return WireJson.mapper().valueToTree(row);
  }

  private static List<Lines.Column> columns() {
    Stream<Lines.Column> plain =
        Stream.of(
                "id",
                "tenant",
                "type",
                "severity",
                "dimension",
                "agent",
                "provider",
                "model",
                "measure",
                "started_at",
                "last_at",
                "ended_at",
                "hours",
                "excess",
                "peak_at",
                "observed",
                "score",
                "part_of",
                "state",
                "comment",
                "revision",
                "changed_by",
                "changed_at")
            .map(Lines.Column::of);
    Stream<Lines.Column> expected =
        Stream.of("low", "mid", "high", "limit")
            .map(each -> new Lines.Column("expected_" + each, "/expected/" + each));
    Stream<Lines.Column> baseline =
        Stream.of("season", "days", "level", "deviation", "sensitivity")
            .map(each -> new Lines.Column("baseline_" + each, "/baseline/" + each));
    return Stream.of(plain, expected, baseline).flatMap(each -> each).toList();
  }
}
