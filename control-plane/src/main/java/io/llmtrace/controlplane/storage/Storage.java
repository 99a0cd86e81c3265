package io.llmtrace.controlplane.storage;

import com.codahale.metrics.MetricRegistry;
import io.dropwizard.db.DataSourceFactory;
import io.dropwizard.db.ManagedDataSource;
import io.dropwizard.db.ManagedPooledDataSource;
import io.llmtrace.runtime.config.ControlPlaneConfig;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.statement.StatementContext;
import org.jdbi.v3.core.statement.StatementException;
import org.jdbi.v3.core.statement.StatementExceptions;
import org.jdbi.v3.postgres.PostgresPlugin;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The database, brought up and watched by one background thread. {@link #jdbi()} refuses until it
 * is ready; {@link #probe()} never waits. Thread-safe.
 */
// An interrupt while closing ends the close; callers see it as it is.
@SuppressWarnings("try")
public final class Storage implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Storage.class);
  private static final long PROBE_SECONDS = 1;

  private static final String NOT_SET_UP = "not set up, see the log";

  /**
   * What the last background probe saw.
   *
   * @param ready whether the database answered
   * @param text for people
   * @param atMillis when, epoch milliseconds
   */
  public record Probe(boolean ready, String text, long atMillis) {}

  private final ControlPlaneConfig config;
  private final MetricRegistry metrics;
  private final Consumer<Jdbi> whenReady;
  private final ScheduledExecutorService thread =
      Executors.newSingleThreadScheduledExecutor(
          task -> {
            Thread made = new Thread(task, "storage");
            made.setDaemon(true);
            return made;
          });
  private volatile Probe probe = new Probe(false, "starting", System.currentTimeMillis());
  private volatile @Nullable Jdbi jdbi;
  private @Nullable EmbeddedDatabase embedded;
  private @Nullable ManagedDataSource pool;

  /**
   * @param whenReady runs on the background thread once the schema is there and before anyone else
   *     sees the database
   */
  public Storage(ControlPlaneConfig config, MetricRegistry metrics, Consumer<Jdbi> whenReady) {
    this.config = config;
    this.metrics = metrics;
    this.whenReady = whenReady;
  }

  /** Starts the background thread and returns at once. */
  public void start() {
    ScheduledFuture<?> unused =
        thread.scheduleWithFixedDelay(this::step, 0, PROBE_SECONDS * 1000, TimeUnit.MILLISECONDS);
  }

  /**
   * The database.
   *
   * @throws StorageUnavailableException while it is not ready
   */
  public Jdbi jdbi() {
    Jdbi ready = jdbi;
    if (ready == null || !probe.ready()) {
      throw new StorageUnavailableException(probe.text());
    }
    return ready;
  }

  public Probe probe() {
    return probe;
  }

  // One boundary: whatever goes wrong with a database is told by the probe and tried again.
  @SuppressWarnings("CatchingUnchecked")
  private void step() {
    try {
      Jdbi known = jdbi;
      if (known == null) {
        known = open();
        jdbi = known;
        log.info("Storage is ready");
      } else {
        known.useHandle(handle -> handle.execute("SELECT 1"));
      }
      probe = new Probe(true, "connected", System.currentTimeMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (DatabaseSetupException e) {
      if (!probe.text().equals(NOT_SET_UP)) {
        log.error("{}", e.getMessage());
      }
      metrics.counter("llmtrace.control.plane.storage.failures").inc();
      probe = new Probe(false, NOT_SET_UP, System.currentTimeMillis());
    } catch (Exception e) {
      if (probe.ready() || probe.text().equals("starting")) {
        log.warn("Storage is not available", e);
      }
      metrics.counter("llmtrace.control.plane.storage.failures").inc();
      probe = new Probe(false, "unavailable", System.currentTimeMillis());
      forgetDeadServer();
    }
  }

  /** An own server that was killed is started again by the next step; nobody else would do it. */
  // Whatever the end of a dead server throws, it is dead.
  @SuppressWarnings("CatchingUnchecked")
  private void forgetDeadServer() {
    EmbeddedDatabase own = embedded;
    if (own == null || own.alive()) {
      return;
    }
    log.warn("The embedded PostgreSQL is gone; it is started again");
    jdbi = null;
    try {
      if (pool != null) {
        pool.stop();
      }
      own.close();
    } catch (Exception e) {
      log.debug("A server that is gone was not closed in order", e);
    }
    pool = null;
    embedded = null;
    // The next pool registers its gauges under the same names.
    metrics.removeMatching(
        (name, metric) -> name.startsWith(ManagedPooledDataSource.class.getName()));
  }

  private Jdbi open() throws Exception {
    if (config.database().url() == null && embedded == null) {
      embedded = EmbeddedDatabase.start(config.dataDirectory().resolve("postgres"));
    }
    Migrations.run(source());
    ManagedDataSource source = pool;
    if (source == null) {
      source = source().build(metrics, "llmtrace");
      source.start();
      pool = source;
    }
    Jdbi made = Jdbi.create(source).installPlugin(new PostgresPlugin());
    made.getConfig(StatementExceptions.class).setMessageRendering(Storage::withoutValues);
    whenReady.accept(made);
    return made;
  }

  /** Messages are logged: what a statement says may be in them, and what it was about may not. */
  private static String withoutValues(StatementException fault) {
    StatementContext context = fault.getStatementContext();
    String sql = context == null ? null : context.getRawSql();
    return sql == null ? fault.getShortMessage() : fault.getShortMessage() + " in " + sql;
  }

  private DataSourceFactory source() {
    EmbeddedDatabase own = embedded;
    return Migrations.source(config.database(), own == null ? "" : own.url());
  }

  @Override
  public void close() throws Exception {
    thread.shutdown();
    if (!thread.awaitTermination(20, TimeUnit.SECONDS)) {
      thread.shutdownNow();
      thread.awaitTermination(5, TimeUnit.SECONDS);
    }
    probe = new Probe(false, "stopped", System.currentTimeMillis());
    if (pool != null) {
      pool.stop();
    }
    if (embedded != null) {
      embedded.close();
    }
  }
}
