package io.llmtrace.controlplane.lifecycle;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import io.llmtrace.policies.json.WireJson;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/**
 * An erasure of a data subject, without the subject.
 *
 * @param kind {@code consumer} or {@code agent}
 * @param subjectSha256 SHA-256 of the subject's name in UTF-8, as hex digits
 * @param state {@code pending} or {@code done}
 * @param counts rows by table so far; {@code held} are exchanges that are under a legal hold
 * @param requestedAt RFC 3339
 * @param doneAt RFC 3339, or null
 * @param receipt JSON as text: its bytes in UTF-8 are what is signed; null until it is done
 * @param signature Ed25519, base64; null until it is done
 * @param keyId of the key that signed, or null
 */
public record Erasure(
    String id,
    String tenant,
    String kind,
    String subjectSha256,
    String reason,
    String state,
    JsonNode counts,
    String requestedBy,
    String requestedAt,
    @Nullable String doneAt,
    @Nullable String receipt,
    @Nullable String signature,
    @Nullable String keyId) {

  static final String SELECT =
      "SELECT id, tenant, kind, subject_sha256, reason, counts::text AS counts, requested_by,"
          + " requested_at, done_at, receipt, signature, key_id FROM erasures";

  static Erasure of(ResultSet row) throws SQLException {
    Timestamp done = row.getTimestamp("done_at");
    byte[] signature = row.getBytes("signature");
    try {
      return new Erasure(
          row.getString("id"),
          row.getString("tenant"),
          row.getString("kind"),
          row.getString("subject_sha256"),
          row.getString("reason"),
          done == null ? "pending" : "done",
          WireJson.mapper().readTree(row.getString("counts")),
          row.getString("requested_by"),
          row.getTimestamp("requested_at").toInstant().toString(),
          done == null ? null : done.toInstant().toString(),
          row.getString("receipt"),
          signature == null ? null : Base64.getEncoder().encodeToString(signature),
          row.getString("key_id"));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("counts of an erasure are no JSON", e);
    }
  }
}
