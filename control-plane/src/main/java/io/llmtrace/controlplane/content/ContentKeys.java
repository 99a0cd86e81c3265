package io.llmtrace.controlplane.content;

import io.llmtrace.controlplane.access.Caller;
import io.llmtrace.controlplane.audit.Audit;
import io.llmtrace.controlplane.audit.Change;
import io.llmtrace.controlplane.http.Problem;
import io.llmtrace.controlplane.storage.SqlStates;
import io.llmtrace.policies.wire.ContentPart;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.JdbiException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Rotation of the keyring: new keys, rows moved over to the active one, old keys destroyed once no
 * row needs them. Any replica may do each of it at any time. Thread-safe.
 */
public final class ContentKeys {
  private static final Logger log = LoggerFactory.getLogger(ContentKeys.class);
  private static final int ROWS_OF_A_STEP = 200;

  /** Lock of the database: replicas do not look for the same rows at the same time. */
  private static final long REWRAPS = 7366026;

  private static final String LOCK_NOT_AVAILABLE = "55P03";

  private final Supplier<Jdbi> jdbi;
  private final Keyring keyring;

  public ContentKeys(Supplier<Jdbi> jdbi, Keyring keyring) {
    this.jdbi = jdbi;
    this.keyring = keyring;
  }

  private record Row(Envelope.Place place, String day, Envelope envelope) {}

  /** Rows by the id of their key. */
  Map<String, Long> rows() {
    return jdbi.get()
        .withHandle(
            handle -> {
              Map<String, Long> rows = new HashMap<>();
              handle
                  .createQuery("SELECT key_id, count(*) AS n FROM content GROUP BY key_id")
                  .map((row, context) -> Map.entry(row.getString("key_id"), row.getLong("n")))
                  .forEach(entry -> rows.put(entry.getKey(), entry.getValue()));
              return rows;
            });
  }

  List<Keyring.Key> keys() {
    return keyring.keys();
  }

  Keyring.Key rotate(Caller caller) {
    return alone(
        handle -> {
          try {
            String before = keyring.activeKeyId();
            Keyring.Key fresh = keyring.rotate();
            Audit.append(
                handle,
                caller,
                new Change(
                    "content_key.rotate",
                    null,
                    "content_key:" + fresh.id(),
                    Map.of("active", before),
                    Map.of("active", fresh.id())));
            return fresh;
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        });
  }

  /**
   * Destroys a key.
   *
   * @throws jakarta.ws.rs.WebApplicationException 404 when there is none, 409 when it is needed
   */
  void retire(Caller caller, String id) {
    boolean unused =
        alone(
            handle -> {
              Keyring.Key key =
                  keyring.keys().stream()
                      .filter(each -> each.id().equals(id))
                      .findFirst()
                      .orElseThrow(() -> Problem.absent("content key"));
              if (key.active()) {
                throw Problem.of(409, "the active key cannot be retired, rotate first");
              }
              long rows =
                  handle
                      .createQuery("SELECT count(*) FROM content WHERE key_id = :id")
                      .bind("id", id)
                      .mapTo(Long.class)
                      .one();
              if (rows > 0) {
                throw Problem.of(
                    409,
                    rows
                        + " rows are wrapped under this key; they are moved over within minutes"
                        + " of a rotation");
              }
              Audit.append(
                  handle,
                  caller,
                  new Change(
                      "content_key.retire",
                      null,
                      "content_key:" + id,
                      Map.of("created_at", key.createdAt()),
                      null));
              try {
                keyring.retire(id);
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
              return true;
            });
    log.info("Content key {} was destroyed", id);
  }

  /** In a transaction beside which nobody writes content and nobody else changes keys. */
  private <T> T alone(Function<Handle, T> work) {
    try {
      return jdbi.get()
          .inTransaction(
              handle -> {
                handle.execute("SET LOCAL lock_timeout = '5s'");
                handle.execute("LOCK TABLE content IN SHARE ROW EXCLUSIVE MODE");
                return work.apply(handle);
              });
    } catch (UncheckedIOException e) {
      log.error("the keyring cannot be written", e);
      throw Problem.of(409, "the keyring cannot be written by this replica");
    } catch (JdbiException e) {
      if (SqlStates.of(e).equals(LOCK_NOT_AVAILABLE)) {
        throw Problem.busy("content is being written, try again", 1);
      }
      throw e;
    }
  }

  /** Moves rows over to the active key; content itself is not touched. */
  public void rewrap() {
    List<String> old =
        keyring.keys().stream().filter(key -> !key.active()).map(Keyring.Key::id).toList();
    Row last = null;
    long failed = 0;
    while (!old.isEmpty()) {
      Row after = last;
      Step step = jdbi.get().inTransaction(handle -> step(handle, old, after));
      failed += step.failed();
      last = step.last();
      if (last == null) {
        break;
      }
    }
    if (failed > 0) {
      log.error("{} rows of content cannot be decrypted; see content-capture.md", failed);
    }
  }

  /**
   * Some rows that were looked at.
   *
   * @param last the last of them; null when there are no more, or another replica is at it
   */
  private record Step(@Nullable Row last, long failed) {}

  private Step step(Handle handle, List<String> old, @Nullable Row after) {
    boolean turn =
        handle
            .createQuery("SELECT pg_try_advisory_xact_lock(:turn)")
            .bind("turn", REWRAPS)
            .mapTo(Boolean.class)
            .one();
    if (!turn) {
      return new Step(null, 0);
    }
    // As ingest does: until this ends, no key is retired that it may wrap under.
    handle.execute("LOCK TABLE content IN ROW EXCLUSIVE MODE");
    List<Row> rows =
        handle
            .createQuery(
                "SELECT decision_id, tenant, part, day::text AS day, key_id, dek, nonce FROM content"
                    + " WHERE key_id = ANY(:old)"
                    + " AND (decision_id, tenant, part) > (:id, :tenant, :part)"
                    + " ORDER BY decision_id, tenant, part LIMIT :most")
            .bindArray("old", String.class, old)
            .bind("id", after == null ? "" : after.place().decisionId())
            .bind("tenant", after == null ? "" : after.place().tenant())
            .bind("part", after == null ? "" : after.place().part().label())
            .bind("most", ROWS_OF_A_STEP)
            .map(
                (row, context) ->
                    new Row(
                        new Envelope.Place(
                            row.getString("tenant"),
                            row.getString("decision_id"),
                            ContentPart.of(row.getString("part"))),
                        row.getString("day"),
                        new Envelope(
                            new KeyEncryption.Wrapped(row.getString("key_id"), row.getBytes("dek")),
                            row.getBytes("nonce"),
                            new byte[0])))
            .list();
    long failed = rows.stream().filter(row -> !rewrap(handle, row)).count();
    return new Step(rows.isEmpty() ? null : rows.get(rows.size() - 1), failed);
  }

  /** False where a row cannot be decrypted; it stays as it is. */
  private boolean rewrap(Handle handle, Row row) {
    KeyEncryption.Wrapped before = row.envelope().key();
    try {
      KeyEncryption.Wrapped after = row.envelope().rewrapped(keyring, row.place());
      handle.execute(
          "UPDATE content SET key_id = ?, dek = ? WHERE decision_id = ? AND tenant = ?"
              + " AND part = ? AND day = CAST(? AS date) AND key_id = ? AND dek = ?",
          after.keyId(),
          after.bytes(),
          row.place().decisionId(),
          row.place().tenant(),
          row.place().part().label(),
          row.day(),
          before.keyId(),
          before.bytes());
      return true;
    } catch (UndecryptableException e) {
      log.debug("a row of content stays under its key", e);
      return false;
    }
  }
}
