package io.llmtrace.controlplane.keys;

import io.llmtrace.controlplane.storage.StorageUnavailableException;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.JdbiException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks every second whether keys or tenants changed, here or on another replica, so that a
 * revocation holds everywhere within two seconds; writes last uses once a minute. One thread.
 */
// An interrupt while closing ends the close; callers see it as it is.
@SuppressWarnings("try")
public final class KeyWatch implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(KeyWatch.class);

  /** How often it looks: a key that was revoked by another replica works so long here. */
  static final Duration LOOKS = Duration.ofSeconds(1);

  private static final Duration WRITES_USES = Duration.ofSeconds(60);

  private final Supplier<Jdbi> jdbi;
  private final KeyDirectory keys;
  private final ScheduledExecutorService thread =
      Executors.newSingleThreadScheduledExecutor(
          task -> {
            Thread made = new Thread(task, "key-watch");
            made.setDaemon(true);
            return made;
          });

  public KeyWatch(Supplier<Jdbi> jdbi, KeyDirectory keys) {
    this.jdbi = jdbi;
    this.keys = keys;
  }

  public void start() {
    every(LOOKS, () -> keys.refresh(jdbi.get()));
    every(WRITES_USES, () -> keys.writeUses(jdbi.get()));
  }

  /**
   * Looks now, after a change that was committed here. If the database goes away in between, the
   * change is no less committed, and this looks again a second later.
   */
  public void now() {
    tried(() -> keys.refresh(jdbi.get()));
  }

  private void every(Duration delay, Runnable work) {
    ScheduledFuture<?> unused =
        thread.scheduleWithFixedDelay(
            () -> tried(work), delay.toMillis(), delay.toMillis(), TimeUnit.MILLISECONDS);
  }

  private static void tried(Runnable work) {
    try {
      work.run();
    } catch (StorageUnavailableException | JdbiException e) {
      // The storage's own probe says and counts that the database is away.
      log.debug("Keys wait for storage", e);
    }
  }

  @Override
  public void close() throws InterruptedException {
    thread.shutdownNow();
    thread.awaitTermination(5, TimeUnit.SECONDS);
    tried(() -> keys.writeUses(jdbi.get()));
  }
}
