package io.llmtrace.controlplane.audit;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectWriter;
import io.llmtrace.controlplane.access.Caller;
import io.llmtrace.controlplane.access.Permission;
import io.llmtrace.controlplane.access.Reach;
import io.llmtrace.controlplane.access.Requires;
import io.llmtrace.controlplane.access.TenantScope;
import io.llmtrace.controlplane.http.Cursor;
import io.llmtrace.controlplane.http.Page;
import io.llmtrace.controlplane.http.Problem;
import io.llmtrace.controlplane.http.QueryParameters;
import io.llmtrace.controlplane.http.Takes;
import io.llmtrace.controlplane.query.LongReads;
import io.llmtrace.controlplane.storage.ScopedJdbi;
import io.llmtrace.policies.json.WireJson;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.WebApplicationException;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.StreamingOutput;
import jakarta.ws.rs.core.UriInfo;
import java.io.IOException;
import java.io.OutputStream;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.temporal.ChronoUnit;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.Query;
import org.jspecify.annotations.Nullable;

/** {@code /api/v1/audit}: who changed what. */
@Path("/api/v1/audit")
public final class AuditResource {
  private static final List<String> EQUALS =
      List.of("actor", "action", "tenant", "target", "request_id");

  private final ScopedJdbi jdbi;
  private final LongReads reads;

  public AuditResource(ScopedJdbi jdbi, LongReads reads) {
    this.jdbi = jdbi;
    this.reads = reads;
  }

  /** Lists what was done, the newest first. */
  @GET
  @Produces("application/json")
  @Requires(Permission.AUDIT_READ)
  @Takes(query = {"actor", "action", "tenant", "target", "request_id", "since", "until"})
  public Page<AuditEntry> list(
      @Context Caller caller,
      @Context UriInfo uri,
      @QueryParam("limit") @Nullable String limit,
      @QueryParam("cursor") @Nullable String cursor) {
    QueryParameters.only(
        uri,
        "limit",
        "cursor",
        "actor",
        "action",
        "tenant",
        "target",
        "request_id",
        "since",
        "until");
    int most = Page.limit(limit);
    Cursor behind = Cursor.decode(cursor, 1);
    Map<String, Object> binds = new LinkedHashMap<>();
    StringBuilder sql = conditions(caller, uri, binds);
    if (behind != null) {
      sql.append(" AND seq < :behind");
      binds.put("behind", behind.number(0));
    }
    sql.append(" ORDER BY seq DESC LIMIT :most");
    binds.put("most", most + 1);
    List<AuditEntry> rows =
        jdbi.read(
            caller,
            Permission.AUDIT_READ,
            handle ->
                handle
                    .createQuery(sql.toString())
                    .bindMap(binds)
                    .map((row, context) -> Audit.entry(row))
                    .list());
    return Page.of(rows, most, last -> Cursor.after(Long.toString(last.seq())));
  }

  /**
   * Exports all rows of the filters, oldest first, one a line; whole, it can be verified offline.
   */
  @GET
  @Path("export")
  @Produces("application/x-ndjson")
  @Requires(Permission.AUDIT_READ)
  @Takes(query = {"actor", "action", "tenant", "target", "request_id", "since", "until"})
  public StreamingOutput export(@Context Caller caller, @Context UriInfo uri) {
    QueryParameters.only(
        uri, "actor", "action", "tenant", "target", "request_id", "since", "until");
    Map<String, Object> binds = new LinkedHashMap<>();
    String sql = conditions(caller, uri, binds).append(" ORDER BY seq").toString();
    return out ->
        reads.run(
            caller,
            out,
            turn ->
                jdbi.<@Nullable Void, IOException>read(
                    caller,
                    Permission.AUDIT_READ,
                    handle -> {
                      write(handle, sql, binds, turn);
                      return null;
                    }));
  }

  private static void write(Handle handle, String sql, Map<String, Object> binds, OutputStream out)
      throws IOException {
    ObjectWriter line =
        WireJson.mapper()
            .writerFor(AuditEntry.class)
            .without(JsonGenerator.Feature.AUTO_CLOSE_TARGET);
    try (Query query = handle.createQuery(sql)) {
      Iterator<AuditEntry> rows =
          query
              .setFetchSize(1_000)
              .bindMap(binds)
              .map((row, context) -> Audit.entry(row))
              .iterator();
      while (rows.hasNext()) {
        line.writeValue(out, rows.next());
        out.write('\n');
      }
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("an audit row is not to be written as JSON", e);
    }
  }

  /**
   * Checks the whole chain.
   *
   * @param anchor {@code SEQ:HASH}, a head of an earlier answer; none is checked without it
   */
  @GET
  @Path("verify")
  @Produces("application/json")
  @Requires(value = Permission.AUDIT_READ, reach = Reach.INSTALLATION)
  public AuditChain.Verdict verify(
      @Context Caller caller, @Context UriInfo uri, @QueryParam("anchor") @Nullable String anchor) {
    QueryParameters.only(uri, "anchor");
    AuditChain.Head head = anchor == null ? null : head(anchor);
    return jdbi.read(caller, Permission.AUDIT_READ, handle -> Audit.verify(handle, head));
  }

  private static AuditChain.Head head(String anchor) {
    try {
      return AuditChain.Head.parse(anchor);
    } catch (IllegalArgumentException e) {
      throw new WebApplicationException(
          e, Problem.builder(400, "anchor: " + e.getMessage()).build());
    }
  }

  private static StringBuilder conditions(Caller caller, UriInfo uri, Map<String, Object> binds) {
    StringBuilder sql =
        new StringBuilder("SELECT ").append(Audit.COLUMNS).append(" FROM audit WHERE true");
    if (caller.tenants(Permission.AUDIT_READ) instanceof TenantScope.Only only) {
      sql.append(" AND tenant = ANY(:own)");
      binds.put("own", only.tenants().toArray(new String[0]));
    }
    for (String name : EQUALS) {
      String value = uri.getQueryParameters().getFirst(name);
      if (value != null) {
        sql.append(" AND ").append(name).append(" = :").append(name);
        binds.put(name, value);
      }
    }
    time(uri, "since", " AND at_micros >= :since", sql, binds);
    time(uri, "until", " AND at_micros < :until", sql, binds);
    return sql;
  }

  private static void time(
      UriInfo uri, String name, String condition, StringBuilder sql, Map<String, Object> binds) {
    String text = uri.getQueryParameters().getFirst(name);
    if (text != null) {
      sql.append(condition);
      binds.put(name, micros(name, text));
    }
  }

  private static long micros(String name, String text) {
    try {
      return ChronoUnit.MICROS.between(Instant.EPOCH, OffsetDateTime.parse(text));
    } catch (DateTimeException | ArithmeticException e) {
      throw new WebApplicationException(
          e, Problem.builder(400, name + ": expected a time such as 2027-01-31T00:00:00Z").build());
    }
  }
}
