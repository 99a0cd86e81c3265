package io.llmtrace.controlplane.ingest;

import io.llmtrace.controlplane.access.Caller;
import io.llmtrace.controlplane.metrics.Totals;
import io.llmtrace.controlplane.storage.Partitions;
import io.llmtrace.controlplane.storage.RetentionClass;
import io.llmtrace.controlplane.storage.SqlStates;
import io.llmtrace.controlplane.storage.StorageUnavailableException;
import io.llmtrace.policies.wire.Batch;
import io.llmtrace.policies.wire.BatchAck;
import java.sql.SQLException;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jdbi.v3.core.Jdbi;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Stores and counts batches, each once however often it comes. Thread-safe. */
public final class Ingest implements AutoCloseable {
  /*
   * Two threads write. Batches that wait are stored together, in one transaction: by COPY, with one
   * update of the totals and one commit. While the database takes the rows of one group, the other
   * thread sums up and writes the next; many writers would wait for each other at the totals' rows
   * and at the disk. Nobody's batch waits longer than for the groups before. A group that the
   * database refuses is tried batch by batch, so that one bad batch costs no other.
   */
  private static final Logger log = LoggerFactory.getLogger(Ingest.class);

  private static final int WRITERS = 2;
  private static final int MOST_WAITING = 256;
  private static final int BATCHES_OF_A_GROUP = 64;
  private static final int RECORDS_OF_A_GROUP = 20_000;
  private static final int MOST_SHOWN = 200;

  /** What replayed batches are known by, whoever replays them. */
  private static final String REPLAYED = "replayed";

  /** Longer than a statement may take; see the data source's time-outs. */
  private static final int SECONDS = 60;

  private static final long CAREFUL_NANOS = TimeUnit.MINUTES.toNanos(1);

  private record Waiting(Prepared prepared, CompletableFuture<Boolean> fresh) {}

  private final Supplier<Jdbi> jdbi;
  private final Totals totals;
  private final Partitions partitions;
  private final TenantGate gate;
  private final Function<String, RetentionClass> retention;
  private final ExchangeListener listener;
  private final BlockingQueue<Waiting> queue = new ArrayBlockingQueue<>(MOST_WAITING);
  private final List<Thread> writers = new ArrayList<>();
  private volatile boolean closed;
  private volatile long carefulUntil = System.nanoTime();

  /**
   * @param retention class of a tenant's exchanges
   * @param listener is told of what was stored, after its sender
   */
  public Ingest(
      Supplier<Jdbi> jdbi,
      TenantGate gate,
      Totals totals,
      Partitions partitions,
      Function<String, RetentionClass> retention,
      ExchangeListener listener) {
    this.jdbi = jdbi;
    this.totals = totals;
    this.partitions = partitions;
    this.gate = gate;
    this.retention = retention;
    this.listener = listener;
    for (int i = 0; i < WRITERS; i++) {
      Thread writer = new Thread(this::run, "ingest-" + i);
      writer.setDaemon(true);
      writers.add(writer);
      writer.start();
    }
  }

  /**
   * Applies a batch once, however often it comes, and returns when it is committed.
   *
   * @throws BusyException when too many batches wait
   * @throws StorageUnavailableException when the database does not take it now
   */
  public BatchAck accept(Caller caller, Batch batch) {
    // Refuse early what could not be stored: reading records costs more than asking.
    Jdbi unused = jdbi.get();
    return accept(Prepared.of(caller.lineage(), caller, batch));
  }

  private BatchAck accept(Prepared batch) {
    Waiting waiting = new Waiting(batch, new CompletableFuture<>());
    if (closed || !queue.offer(waiting)) {
      throw new BusyException();
    }
    try {
      return new BatchAck(
          batch.batch().sequence(), !waiting.fresh().get(SECONDS, TimeUnit.SECONDS));
    } catch (TimeoutException e) {
      throw new StorageUnavailableException("slow");
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      throw new IllegalStateException("a batch was not stored", e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new StorageUnavailableException("stopping");
    }
  }

  private void run() {
    GroupStore store = new GroupStore(gate, partitions, retention);
    List<Waiting> group = new ArrayList<>();
    while (!closed || !queue.isEmpty()) {
      try {
        Waiting first = queue.poll(200, TimeUnit.MILLISECONDS);
        if (first == null) {
          continue;
        }
        group.add(first);
        int records = first.prepared().batch().records().size();
        while (group.size() < BATCHES_OF_A_GROUP && records < RECORDS_OF_A_GROUP) {
          Waiting next = queue.poll();
          if (next == null) {
            break;
          }
          group.add(next);
          records += next.prepared().batch().records().size();
        }
        store(store, group);
      } catch (InterruptedException e) {
        log.debug("The writer is told to stop", e);
      } finally {
        group.clear();
      }
    }
  }

  // The boundary: whatever a group ends with is told to those who wait for it.
  @SuppressWarnings("CatchingUnchecked")
  private void store(GroupStore store, List<Waiting> group) {
    try {
      transaction(store, group);
    } catch (Exception e) {
      if (SqlStates.isMissingPartition(e)) {
        // Somebody else dropped a day that is known here.
        partitions.forget();
      }
      if (!isOfTheGroup(e) || group.size() == 1) {
        fail(store, group, e);
        return;
      }
      log.warn("A group of {} batches is tried batch by batch: {}", group.size(), e.toString());
      for (Waiting each : group) {
        store(store, List.of(each));
      }
    }
  }

  /** Whether other batches may fare better, or the same ones in another moment. */
  private static boolean isOfTheGroup(Exception fault) {
    String state = SqlStates.of(fault);
    return state.startsWith("22") || state.startsWith("23") || state.startsWith("40");
  }

  private void fail(GroupStore store, List<Waiting> group, Exception fault) {
    for (Waiting each : group) {
      try {
        if (SqlStates.isRefusal(fault)) {
          // The same bytes would be refused for ever: sending them again must end.
          log.error("Batch {} is set aside", SetAside.name(each.prepared()), fault);
          setAside(store, each, "refused");
          continue;
        }
      } catch (RuntimeException | SQLException e) {
        log.error("A batch could not be set aside", e);
      }
      each.fresh()
          .completeExceptionally(
              fault instanceof RuntimeException runtime && SqlStates.of(fault).isEmpty()
                  ? runtime
                  : new StorageUnavailableException("failing: " + fault.getMessage()));
    }
  }

  private void transaction(GroupStore store, List<Waiting> group) throws SQLException {
    LocalDate latest = partitions.today().plusDays(Partitions.DAYS_AHEAD);
    List<Waiting> rest = new ArrayList<>();
    for (Waiting each : group) {
      if (each.prepared().latest().isAfter(latest)) {
        setAside(store, each, "clock_skew");
      } else {
        rest.add(each);
      }
    }
    if (rest.isEmpty()) {
      return;
    }
    List<Prepared> batches = rest.stream().map(Waiting::prepared).toList();
    Jdbi database = jdbi.get();
    store.prepare(database, batches);
    Stored stored = stored(store, database, batches);
    for (int i = 0; i < rest.size(); i++) {
      rest.get(i).fresh().complete(stored.fresh().contains(i));
    }
    listener.stored(stored.told());
  }

  /**
   * What became of a group.
   *
   * @param fresh places of the batches that were stored now
   * @param told exchanges that are whole with it
   */
  private record Stored(Set<Integer> fresh, List<StoredExchange> told) {}

  /** Nearly no record comes twice, so ids are looked for only once one did. */
  private Stored stored(GroupStore store, Jdbi database, List<Prepared> batches)
      throws SQLException {
    boolean careful = System.nanoTime() - carefulUntil < 0;
    try {
      return stored(store, database, batches, careful);
    } catch (SQLException | RuntimeException e) {
      if (careful || !SqlStates.isDuplicate(e)) {
        throw e;
      }
      // Where one comes there are often more: a group is not stored twice over and over.
      carefulUntil = System.nanoTime() + CAREFUL_NANOS;
      return stored(store, database, batches, true);
    }
  }

  private Stored stored(GroupStore store, Jdbi database, List<Prepared> batches, boolean careful)
      throws SQLException {
    List<StoredExchange> told = new ArrayList<>();
    Set<Integer> fresh =
        totals.count(
            database, (handle, deltas) -> store.store(handle, batches, careful, deltas, told));
    return new Stored(fresh, told);
  }

  private void setAside(GroupStore store, Waiting each, String reason) throws SQLException {
    boolean fresh =
        totals.count(
            jdbi.get(),
            (handle, deltas) -> {
              Prepared admitted = store.admitted(handle, each.prepared(), deltas);
              if (!SetAside.keep(handle, admitted, reason)) {
                return false;
              }
              deltas.setAside(reason);
              return true;
            });
    each.fresh().complete(fresh);
  }

  /** Stores what is waiting, then ends. */
  @Override
  public void close() {
    closed = true;
    try {
      long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
      for (Thread writer : writers) {
        writer.join(Math.max(1, TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime())));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    writers.forEach(Thread::interrupt);
    for (Waiting left = queue.poll(); left != null; left = queue.poll()) {
      left.fresh().completeExceptionally(new StorageUnavailableException("stopping"));
    }
  }

  List<SetAside.SetAsideBatch> setAside() {
    return jdbi.get().withHandle(handle -> SetAside.list(handle, MOST_SHOWN));
  }

  /**
   * Tries a batch again that was set aside.
   *
   * @return nothing if there is no such batch, or it was replayed before
   */
  Optional<BatchAck> replay(Caller caller, long id) {
    Optional<Batch> kept = jdbi.get().withHandle(handle -> SetAside.find(handle, id));
    if (kept.isEmpty()) {
      return Optional.empty();
    }
    // What its sender may not send was left out when it was set aside. It is marked once it is
    // stored: whatever happens in between, a second try stores it once.
    BatchAck ack = accept(Prepared.of(REPLAYED, null, kept.get()));
    jdbi.get().useTransaction(handle -> SetAside.markReplayed(handle, caller, id));
    return Optional.of(ack);
  }
}
