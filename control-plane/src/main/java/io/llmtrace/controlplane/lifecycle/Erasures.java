package io.llmtrace.controlplane.lifecycle;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import io.llmtrace.controlplane.alerts.incidents.IncidentStore;
import io.llmtrace.controlplane.anomalies.AnomalyStore;
import io.llmtrace.controlplane.audit.Audit;
import io.llmtrace.controlplane.audit.Change;
import io.llmtrace.controlplane.ingest.SetAsideErasure;
import io.llmtrace.controlplane.signing.SigningKey;
import io.llmtrace.controlplane.statistics.RollupFold;
import io.llmtrace.controlplane.storage.Partitions;
import io.llmtrace.policies.json.WireJson;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Erases data subjects, in transactions of some rows each. What a transaction deleted is counted in
 * it, so that after a crash the work goes on where it was and the receipt counts every row once.
 * Any replica may run it at any time; one at a time does. Thread-safe.
 */
public final class Erasures {
  private static final Logger log = LoggerFactory.getLogger(Erasures.class);
  private static final int EXCHANGES_OF_A_STEP = 1_000;
  private static final int BATCHES_OF_A_STEP = 10;
  private static final TypeReference<TreeMap<String, Long>> COUNTS = new TypeReference<>() {};

  private record Pending(String id, Subject subject) {}

  /** Work on an erasure, in a transaction of its own: rows by table. */
  private interface Step {
    Map<String, Long> run(Handle handle);
  }

  private static final class TurnTaken extends RuntimeException {
    private static final long serialVersionUID = 1;
  }

  private final Supplier<Jdbi> jdbi;
  private final Partitions partitions;
  private final SigningKey key;
  private final int step;

  public Erasures(Supplier<Jdbi> jdbi, Partitions partitions, SigningKey key) {
    this(jdbi, partitions, key, EXCHANGES_OF_A_STEP);
  }

  Erasures(Supplier<Jdbi> jdbi, Partitions partitions, SigningKey key, int step) {
    this.jdbi = jdbi;
    this.partitions = partitions;
    this.key = key;
    this.step = step;
  }

  /** Does all that is asked for, or nothing if another replica is at it. */
  public void run() {
    try {
      for (Optional<Pending> next = next(); next.isPresent(); next = next()) {
        erase(next.get());
      }
    } catch (TurnTaken e) {
      log.debug("Another replica erases", e);
    }
  }

  private Optional<Pending> next() {
    return jdbi.get()
        .withHandle(
            handle ->
                handle
                    .createQuery(
                        "SELECT id, tenant, kind, subject FROM erasures WHERE done_at IS NULL"
                            + " ORDER BY id LIMIT 1")
                    .map(
                        (row, context) ->
                            new Pending(
                                row.getString("id"),
                                new Subject(
                                    row.getString("tenant"),
                                    Subject.Kind.of(row.getString("kind")),
                                    row.getString("subject"))))
                    .findOne());
  }

  private void erase(Pending one) {
    for (LocalDate day : partitions.days(jdbi.get())) {
      long taken = step;
      while (taken >= step) {
        taken =
            step(one, handle -> exchanges(handle, one.subject(), day))
                .getOrDefault("exchanges", 0L);
      }
    }
    long taken = step;
    while (taken >= step) {
      taken = step(one, handle -> content(handle, one.subject())).getOrDefault("content", 0L);
    }
    taken = step;
    while (taken >= step) {
      taken = step(one, handle -> setAside(handle, one.subject())).getOrDefault("set_aside", 0L);
    }
    long[] last = {0};
    do {
      Map<String, Long> unused = step(one, handle -> batches(handle, one.subject(), last));
    } while (last[0] > 0);
    Subject subject = one.subject();
    taken = step;
    while (taken >= step) {
      taken =
          step(
                  one,
                  handle ->
                      Map.of(
                          "sums_renamed",
                          (long)
                              RollupFold.rename(
                                  handle,
                                  subject.kind().label(),
                                  subject.tenant(),
                                  subject.name(),
                                  Subject.ERASED,
                                  step)))
              .getOrDefault("sums_renamed", 0L);
    }
    finish(one);
  }

  /** Runs a step and adds what it did to the erasure's counts, together or not at all. */
  private Map<String, Long> step(Pending one, Step work) {
    return jdbi.get()
        .inTransaction(
            handle -> {
              Map<String, Long> counts = counts(handle, one);
              Map<String, Long> done = work.run(handle);
              done.forEach((table, rows) -> counts.merge(table, rows, Long::sum));
              handle.execute(
                  "UPDATE erasures SET counts = CAST(? AS jsonb) WHERE id = ?",
                  json(counts),
                  one.id());
              return done;
            });
  }

  private static Map<String, Long> counts(Handle handle, Pending one) {
    if (!Turns.tryTake(handle, Turns.ERASURES)) {
      throw new TurnTaken();
    }
    String counts =
        handle
            .createQuery(
                "SELECT counts::text FROM erasures WHERE id = :id AND done_at IS NULL FOR UPDATE")
            .bind("id", one.id())
            .mapTo(String.class)
            .findOne()
            // Another replica was faster.
            .orElseThrow(TurnTaken::new);
    try {
      return WireJson.mapper().readValue(counts, COUNTS);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("counts of an erasure are no JSON", e);
    }
  }

  private Map<String, Long> exchanges(Handle handle, Subject subject, LocalDate day) {
    Turns.take(handle, Turns.DELETES);
    List<String> ids =
        handle
            .createQuery(
                "SELECT e.decision_id FROM exchanges e WHERE e.day = :day AND e.tenant = :tenant"
                    + " AND e."
                    + subject.kind().label()
                    + " = :name AND NOT "
                    + HeldRows.HELD
                    + " LIMIT :most")
            .bind("day", day)
            .bind("tenant", subject.tenant())
            .bind("name", subject.name())
            .bind("most", step)
            .mapTo(String.class)
            .list();
    Map<String, Long> counts = new LinkedHashMap<>();
    if (ids.isEmpty()) {
      return counts;
    }
    for (String table : byDecision(handle)) {
      delete(handle, counts, table, "decision_id = ANY(:ids)", ids);
    }
    for (String table : byFinding(handle)) {
      delete(handle, counts, table, "split_part(finding_id, '.', 1) = ANY(:ids)", ids);
    }
    for (String table : Holds.TABLES) {
      int rows =
          handle
              .createUpdate(
                  "DELETE FROM " + table + " WHERE day = :day AND decision_id = ANY(:ids)")
              .bind("day", day)
              .bindArray("ids", String.class, ids)
              .execute();
      counts.merge(table, (long) rows, Long::sum);
    }
    return counts;
  }

  /**
   * Tables beside the partitioned ones that hold rows of an exchange: by convention whatever has a
   * column {@code decision_id} goes with its exchange.
   */
  private static List<String> byDecision(Handle handle) {
    List<String> tables = new ArrayList<>(withColumn(handle, "decision_id"));
    tables.removeAll(Holds.TABLES);
    // What an instance sent for a tenant that is not its own may bear any id.
    tables.remove("set_aside");
    return tables;
  }

  /** As {@link #byDecision}: a finding's id begins with that of its exchange. */
  private static List<String> byFinding(Handle handle) {
    return withColumn(handle, "finding_id");
  }

  private static List<String> withColumn(Handle handle, String column) {
    return handle
        .createQuery(
            "SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
                + " WHERE a.attname = :column AND NOT a.attisdropped AND c.relkind IN ('r', 'p')"
                + " AND NOT c.relispartition AND c.relnamespace ="
                + " (SELECT relnamespace FROM pg_class WHERE oid = 'exchanges'::regclass)"
                + " ORDER BY c.relname")
        .bind("column", column)
        .mapTo(String.class)
        .list();
  }

  private static void delete(
      Handle handle, Map<String, Long> counts, String table, String which, List<String> ids) {
    int rows =
        handle
            .createUpdate("DELETE FROM " + table + " WHERE " + which)
            .bindArray("ids", String.class, ids)
            .execute();
    if (rows > 0) {
      counts.merge(table, (long) rows, Long::sum);
    }
  }

  /** Content whose exchange has been dropped, or has never come. */
  private Map<String, Long> content(Handle handle, Subject subject) {
    Turns.take(handle, Turns.DELETES);
    int rows =
        handle
            .createUpdate(
                "DELETE FROM content WHERE (decision_id, tenant, part, day, kept) IN (SELECT"
                    + " e.decision_id, e.tenant, e.part, e.day, e.kept FROM content e WHERE"
                    + " e.tenant = :tenant AND e."
                    + subject.kind().label()
                    + " = :name AND NOT "
                    + HeldRows.HELD
                    + " LIMIT :most)")
            .bind("tenant", subject.tenant())
            .bind("name", subject.name())
            .bind("most", step)
            .execute();
    return rows == 0 ? Map.of() : Map.of("content", (long) rows);
  }

  /** Records of the subject that were set aside, and what waits for them. */
  private Map<String, Long> setAside(Handle handle, Subject subject) {
    List<String> ids =
        handle
            .createQuery(
                "SELECT DISTINCT decision_id FROM set_aside WHERE tenant = :tenant"
                    + " AND kind = 'inspection' AND record->>'"
                    + subject.kind().label()
                    + "' = :name LIMIT :most")
            .bind("tenant", subject.tenant())
            .bind("name", subject.name())
            .bind("most", step)
            .mapTo(String.class)
            .list();
    Map<String, Long> counts = new LinkedHashMap<>();
    if (!ids.isEmpty()) {
      delete(handle, counts, "set_aside", "decision_id = ANY(:ids)", ids);
      delete(handle, counts, "waiting_completions", "decision_id = ANY(:ids)", ids);
    }
    return counts;
  }

  private static Map<String, Long> batches(Handle handle, Subject subject, long[] last) {
    SetAsideErasure.Step done =
        SetAsideErasure.step(handle, subject::isOf, last[0], BATCHES_OF_A_STEP);
    last[0] = done.last();
    return done.records() == 0 ? Map.of() : Map.of("set_aside_batches", done.records());
  }

  /** Counts what is held, lets go of the subject's name, and signs. */
  private void finish(Pending one) {
    Subject subject = one.subject();
    jdbi.get()
        .useTransaction(
            handle -> {
              Map<String, Long> counts = counts(handle, one);
              int alerts =
                  IncidentStore.erase(handle, subject.tenant(), subject.name(), Subject.ERASED);
              if (alerts > 0) {
                counts.put("alerts", (long) alerts);
              }
              // Before the turn of deletes: it may have to wait for a run of the job.
              if (subject.kind() == Subject.Kind.AGENT) {
                int renamed =
                    AnomalyStore.rename(handle, subject.tenant(), subject.name(), Subject.ERASED);
                if (renamed > 0) {
                  counts.put("anomalies", (long) renamed);
                }
              }
              Turns.take(handle, Turns.DELETES);
              counts.put(
                  "held",
                  handle
                      .createQuery(
                          "SELECT count(*) FROM exchanges e WHERE e.tenant = :tenant AND e."
                              + subject.kind().label()
                              + " = :name AND "
                              + HeldRows.HELD)
                      .bind("tenant", subject.tenant())
                      .bind("name", subject.name())
                      .mapTo(Long.class)
                      .one());
              if (subject.kind() == Subject.Kind.CONSUMER) {
                // Of holds that are over the name is of no use; one that is active needs it.
                handle.execute(
                    "UPDATE holds SET consumer = ? WHERE tenant = ? AND consumer = ?"
                        + " AND released_at IS NOT NULL",
                    Subject.ERASED,
                    subject.tenant(),
                    subject.name());
              }
              Instant now = Instant.now();
              String receipt = receipt(handle, one, counts, now);
              handle
                  .createUpdate(
                      "UPDATE erasures SET counts = CAST(:counts AS jsonb), subject = NULL,"
                          + " done_at = :now, receipt = :receipt, signature = :signature,"
                          + " key_id = :key WHERE id = :id")
                  .bind("counts", json(counts))
                  .bind("now", now)
                  .bind("receipt", receipt)
                  .bind("signature", key.sign(receipt.getBytes(UTF_8)))
                  .bind("key", key.id())
                  .bind("id", one.id())
                  .execute();
              Audit.appendOfSystem(
                  handle,
                  new Change(
                      "erasure.done", subject.tenant(), "erasure:" + one.id(), null, counts));
            });
    log.info("Erased {}", subject);
  }

  private String receipt(Handle handle, Pending one, Map<String, Long> counts, Instant now) {
    Map<String, Object> receipt = new LinkedHashMap<>();
    receipt.put("type", "llmtrace.erasure/1");
    receipt.put("id", one.id());
    receipt.put("tenant", one.subject().tenant());
    receipt.put("kind", one.subject().kind().label());
    receipt.put("subject_sha256", Subject.sha256(one.subject().name()));
    receipt.put(
        "requested_at",
        handle
            .createQuery("SELECT requested_at FROM erasures WHERE id = :id")
            .bind("id", one.id())
            .mapTo(Instant.class)
            .one()
            .toString());
    receipt.put("done_at", now.toString());
    receipt.put("counts", counts);
    receipt.put("key_id", key.id());
    return json(receipt);
  }

  private static String json(Object value) {
    try {
      return WireJson.mapper().writeValueAsString(value);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("counts are numbers by name", e);
    }
  }
}
