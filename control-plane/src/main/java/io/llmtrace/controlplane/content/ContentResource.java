package io.llmtrace.controlplane.content;

import io.llmtrace.controlplane.access.Caller;
import io.llmtrace.controlplane.access.Permission;
import io.llmtrace.controlplane.access.Requires;
import io.llmtrace.controlplane.audit.Audit;
import io.llmtrace.controlplane.audit.Change;
import io.llmtrace.controlplane.http.Problem;
import io.llmtrace.controlplane.query.Conditions;
import io.llmtrace.controlplane.query.Parameters;
import io.llmtrace.controlplane.storage.ScopedJdbi;
import io.llmtrace.policies.id.Ulid;
import io.llmtrace.policies.wire.CaptureMode;
import io.llmtrace.policies.wire.ContentPart;
import io.llmtrace.policies.wire.ContentRecord;
import io.llmtrace.policies.wire.ContentText;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.HeaderParam;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.UriInfo;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/** {@code /api/v1/exchanges/{id}/content}: what was captured of an exchange. */
@Path("/api/v1/exchanges/{id}/content")
@Produces("application/json")
public final class ContentResource {
  private static final int LONGEST_REASON = 200;

  private final ScopedJdbi jdbi;
  private final @Nullable KeyEncryption keys;

  public ContentResource(ScopedJdbi jdbi, @Nullable KeyEncryption keys) {
    this.jdbi = jdbi;
    this.keys = keys;
  }

  /**
   * What was captured of an exchange.
   *
   * @param parts its request and its answer, as far as they were captured
   */
  public record ExchangeContent(String decisionId, String tenant, List<Part> parts) {}

  /**
   * A captured half of an exchange.
   *
   * @param capturedAt RFC 3339
   * @param texts in the order of the body
   * @param leftOut why texts are missing as a whole; empty where none is
   * @param leftOutBytes bytes of those texts, or of the body
   */
  public record Part(
      ContentPart part,
      CaptureMode mode,
      String capturedAt,
      String node,
      List<ContentText> texts,
      String leftOut,
      long leftOutBytes) {
    static Part of(Row row, ContentRecord content) {
      return new Part(
          row.place().part(),
          content.mode(),
          Instant.ofEpochMilli(content.at()).toString(),
          row.node(),
          content.texts(),
          content.leftOut(),
          content.leftOutBytes());
    }
  }

  /** A row as it is stored. */
  private record Row(Envelope.Place place, String node, Envelope envelope) {
    static Row of(ResultSet row) throws SQLException {
      return new Row(
          new Envelope.Place(
              row.getString("tenant"),
              row.getString("decision_id"),
              ContentPart.of(row.getString("part"))),
          row.getString("node"),
          new Envelope(
              new KeyEncryption.Wrapped(row.getString("key_id"), row.getBytes("dek")),
              row.getBytes("nonce"),
              row.getBytes("body")));
    }
  }

  /** What came of a read, and is answered once the audit has it. */
  private record Read(ExchangeContent content, @Nullable String failed) {}

  /**
   * Reads the content of one exchange. Each read is an entry of the audit, with the reason.
   *
   * @param reason why, for the audit, which keeps it for ever: 1 to 200 characters, a ticket rather
   *     than a name
   */
  @GET
  @Requires(Permission.CONTENT_READ)
  public ExchangeContent content(
      @Context Caller caller,
      @Context UriInfo uri,
      @PathParam("id") String id,
      @HeaderParam("X-Reason") @Nullable String reason) {
    Parameters unused = Parameters.of(uri, List.of());
    if (reason == null
        || reason.isBlank()
        || reason.length() > LONGEST_REASON
        || reason.chars().anyMatch(Character::isISOControl)) {
      throw Problem.of(
          400, "X-Reason: expected a header that says why, 1 to " + LONGEST_REASON + " characters");
    }
    if (!Ulid.isValid(id)) {
      throw Problem.absent("exchange");
    }
    Read read =
        jdbi.write(caller, Permission.CONTENT_READ, handle -> read(handle, caller, id, reason));
    if (read.failed() != null) {
      throw Problem.of(409, read.failed());
    }
    return read.content();
  }

  private Read read(Handle handle, Caller caller, String id, String reason) {
    List<Row> rows = rows(handle, caller, id);
    String tenant =
        exchange(handle, caller, id)
            .or(() -> rows.stream().map(row -> row.place().tenant()).findFirst())
            .orElseThrow(() -> Problem.absent("exchange"));
    List<Part> parts = new ArrayList<>();
    String failed = null;
    for (Row row : rows) {
      if (row.place().tenant().equals(tenant)) {
        try {
          parts.add(Part.of(row, open(row)));
        } catch (UndecryptableException e) {
          failed =
              "content of the "
                  + row.place().part().label()
                  + " cannot be decrypted: "
                  + e.getMessage();
        }
      }
    }
    Map<String, Object> shown = new LinkedHashMap<>();
    shown.put("reason", reason);
    shown.put("parts", parts.stream().map(part -> part.part().label()).toList());
    shown.put("failed", failed != null);
    Audit.append(handle, caller, new Change("content.read", tenant, "exchange:" + id, null, shown));
    return new Read(new ExchangeContent(id, tenant, parts), failed);
  }

  private ContentRecord open(Row row) throws UndecryptableException {
    if (keys == null) {
      throw new UndecryptableException("this installation has no key for content");
    }
    return row.envelope().open(keys, row.place());
  }

  private static Optional<String> exchange(Handle handle, Caller caller, String id) {
    Conditions own = Conditions.of(caller, Permission.CONTENT_READ, "e.tenant");
    return handle
        .createQuery(
            "SELECT e.tenant FROM exchanges e WHERE e.day = :day AND e.decision_id = :id"
                + own.sql())
        .bind("day", ContentStore.day(id))
        .bind("id", id)
        .bindMap(own.binds())
        .mapTo(String.class)
        .findFirst();
  }

  private static List<Row> rows(Handle handle, Caller caller, String id) {
    Conditions own = Conditions.of(caller, Permission.CONTENT_READ, "e.tenant");
    return handle
        .createQuery(
            "SELECT e.tenant, e.decision_id, e.part, e.node, e.key_id, e.dek, e.nonce, e.body"
                + " FROM content e WHERE e.day = :day AND e.decision_id = :id"
                + own.sql()
                + " ORDER BY e.tenant, e.part DESC")
        .bind("day", ContentStore.day(id))
        .bind("id", id)
        .bindMap(own.binds())
        .map((row, context) -> Row.of(row))
        .list();
  }
}
