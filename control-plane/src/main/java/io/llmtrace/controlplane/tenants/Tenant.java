package io.llmtrace.controlplane.tenants;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import io.llmtrace.controlplane.http.Revision;
import io.llmtrace.policies.json.WireJson;
import java.sql.ResultSet;
import java.sql.SQLException;

/**
 * A tenant.
 *
 * @param id as exchanges name it
 * @param name for people
 * @param state {@code active} or {@code suspended}: whoever was granted it by name is not let in to
 *     it, and what it sends is stored as before
 * @param settings an object, for other parts of the service
 * @param revision of the last change
 * @param createdAt RFC 3339
 */
public record Tenant(
    String id, String name, String state, JsonNode settings, long revision, String createdAt) {

  Revision tag() {
    return new Revision(revision);
  }

  static Tenant of(ResultSet row) throws SQLException {
    try {
      return new Tenant(
          row.getString("id"),
          row.getString("name"),
          row.getString("state"),
          WireJson.mapper().readTree(row.getString("settings")),
          row.getLong("revision"),
          row.getTimestamp("created_at").toInstant().toString());
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("settings of a tenant are no JSON", e);
    }
  }
}
