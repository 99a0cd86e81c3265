package io.llmtrace.controlplane.audit;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.llmtrace.controlplane.access.Caller;
import io.llmtrace.controlplane.access.Origin;
import io.llmtrace.controlplane.storage.StorableJson;
import io.llmtrace.policies.json.WireJson;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.HexFormat;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.Query;
import org.jspecify.annotations.Nullable;

/** Writes and reads the audit. Stateless. */
public final class Audit {
  private static final ObjectMapper JSON =
      WireJson.mapper().copy().enable(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS);
  static final String COLUMNS =
      "seq, at_micros, actor, action, tenant, target, address, user_agent, request_id, before,"
          + " after, previous_hash, hash";

  private Audit() {}

  /**
   * Notes a change. It is the last thing that a transaction does, because from here on to its end
   * no other change can be noted: there is one chain, and one row follows on another.
   *
   * @param handle in the transaction that makes the change
   */
  public static void append(Handle handle, Caller caller, Change change) {
    append(handle, caller.actor(), caller.origin(), change);
  }

  /** Notes what a job did on its own; as {@link #append}. */
  public static void appendOfSystem(Handle handle, Change change) {
    append(handle, "system", new Origin("", "", ""), change);
  }

  /**
   * Notes what somebody did who has a link and no key; as {@link #append}.
   *
   * @param actor begins with {@code link:}
   */
  public static void appendOfLink(Handle handle, String actor, Origin origin, Change change) {
    append(handle, actor, origin, change);
  }

  private static void append(Handle handle, String actor, Origin origin, Change change) {
    handle
        .createQuery(
            "SELECT llmtrace_audit(:actor, :action, :tenant, :target, :address, :agent,"
                + " :request, :before, :after)")
        .bind("actor", actor)
        .bind("action", change.action())
        .bind("tenant", change.tenant())
        .bind("target", change.target())
        .bind("address", origin.address())
        .bind("agent", origin.userAgent())
        .bind("request", origin.requestId())
        .bind("before", json(change.before()))
        .bind("after", json(change.after()))
        .mapTo(Long.class)
        .one();
  }

  private static @Nullable String json(@Nullable Object value) {
    try {
      return value == null ? null : StorableJson.of(JSON.writeValueAsString(value));
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("not to be written as JSON", e);
    }
  }

  /** Checks all rows against each other and against an anchor. */
  public static AuditChain.Verdict verify(Handle handle, AuditChain.@Nullable Head anchor) {
    AuditChain chain = new AuditChain(anchor);
    try (Query query = handle.createQuery("SELECT " + COLUMNS + " FROM audit ORDER BY seq")) {
      query.setFetchSize(1_000).map((row, context) -> entry(row)).forEach(chain::accept);
    }
    return chain.verdict();
  }

  static AuditEntry entry(ResultSet row) throws SQLException {
    return new AuditEntry(
        row.getLong("seq"),
        row.getLong("at_micros"),
        row.getString("actor"),
        row.getString("action"),
        row.getString("tenant"),
        row.getString("target"),
        row.getString("address"),
        row.getString("user_agent"),
        row.getString("request_id"),
        row.getString("before"),
        row.getString("after"),
        HexFormat.of().formatHex(row.getBytes("previous_hash")),
        HexFormat.of().formatHex(row.getBytes("hash")));
  }
}
