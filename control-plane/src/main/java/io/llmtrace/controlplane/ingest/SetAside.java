package io.llmtrace.controlplane.ingest;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.llmtrace.controlplane.access.Caller;
import io.llmtrace.controlplane.audit.Audit;
import io.llmtrace.controlplane.audit.Change;
import io.llmtrace.policies.json.WireJson;
import io.llmtrace.policies.wire.Batch;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import org.jdbi.v3.core.Handle;

/**
 * Batches that cannot be stored as they are. They are kept as they came, so that their sender need
 * not send them for ever, and can be tried again once the cause is mended.
 */
final class SetAside {
  /**
   * A batch that was set aside.
   *
   * @param reason {@code refused} by the database, {@code clock_skew}: a day that has not come
   */
  record SetAsideBatch(
      long id,
      String keyId,
      String node,
      long sequence,
      String reason,
      int records,
      String receivedAt,
      boolean replayed) {}

  private SetAside() {}

  static String name(Prepared one) {
    return one.batch().node() + "/" + one.batch().bootId() + "/" + one.batch().sequence();
  }

  /** Keeps a batch; false if it was accepted before. */
  static boolean keep(Handle handle, Prepared one, String reason) {
    Batch batch = one.batch();
    int claimed =
        handle.execute(
            "INSERT INTO batches (key_id, node, boot_id, sequence, records)"
                + " VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            one.keyId(),
            batch.node(),
            batch.bootId(),
            batch.sequence(),
            batch.records().size());
    if (claimed == 0) {
      return false;
    }
    ReceivedRecords.add(handle, List.of(batch));
    handle.execute(
        "INSERT INTO set_aside_batches (key_id, node, boot_id, sequence, reason, records, body)"
            + " VALUES (?, ?, ?, ?, ?, ?, ?)",
        one.keyId(),
        batch.node(),
        batch.bootId(),
        batch.sequence(),
        reason,
        batch.records().size(),
        gzip(batch));
    return true;
  }

  /** The newest first. */
  static List<SetAsideBatch> list(Handle handle, int most) {
    return handle
        .createQuery(
            "SELECT id, key_id, node, sequence, reason, records, to_char(received_at AT TIME ZONE"
                + " 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') AS at, replayed_at IS NOT NULL AS"
                + " replayed FROM set_aside_batches ORDER BY id DESC LIMIT :most")
        .bind("most", most)
        .map(
            (row, context) ->
                new SetAsideBatch(
                    row.getLong("id"),
                    row.getString("key_id"),
                    row.getString("node"),
                    row.getLong("sequence"),
                    row.getString("reason"),
                    row.getInt("records"),
                    row.getString("at"),
                    row.getBoolean("replayed")))
        .list();
  }

  /**
   * A batch to be tried again. It has an own name in place of its sender's process, so that it is
   * stored once however often that is tried.
   *
   * @return nothing if there is no such batch, or it was replayed before
   */
  static Optional<Batch> find(Handle handle, long id) {
    return handle
        .createQuery("SELECT body FROM set_aside_batches WHERE id = :id AND replayed_at IS NULL")
        .bind("id", id)
        .map((row, context) -> gunzip(row.getBytes("body")))
        .findOne()
        .map(
            batch ->
                new Batch(
                    batch.schema(),
                    batch.node(),
                    "set-aside-" + id,
                    batch.sequence(),
                    batch.records()));
  }

  /** Says that a batch was tried again; once, and in the audit. */
  static void markReplayed(Handle handle, Caller caller, long id) {
    int marked =
        handle.execute(
            "UPDATE set_aside_batches SET replayed_at = now()"
                + " WHERE id = ? AND replayed_at IS NULL",
            id);
    if (marked > 0) {
      Audit.append(
          handle,
          caller,
          new Change("batch.replay", null, "batch:" + id, null, Map.of("batch", id)));
    }
  }

  static byte[] gzip(Batch batch) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
      gzip.write(WireJson.mapper().writeValueAsBytes(batch));
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("not to be written as JSON", e);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toByteArray();
  }

  static Batch gunzip(byte[] body) {
    try (GZIPInputStream in = new GZIPInputStream(new ByteArrayInputStream(body))) {
      return WireJson.mapper().readValue(in, Batch.class);
    } catch (IOException e) {
      throw new UncheckedIOException("a batch that was set aside cannot be read", e);
    }
  }
}
