package io.llmtrace.controlplane.bundles;

import io.llmtrace.controlplane.policies.LivePolicies;
import io.llmtrace.controlplane.storage.StorageUnavailableException;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import jakarta.ws.rs.core.Response;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jdbi.v3.core.JdbiException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Requests that wait for a change. One thread asks for all of them, five times a second, whether
 * anything changed; a few others answer. Thread-safe.
 */
// An interrupt while closing ends the close; callers see it as it is.
@SuppressWarnings("try")
public final class BundleWaits implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(BundleWaits.class);

  private static final Duration PAUSE = Duration.ofMillis(200);
  private static final int ANSWERING = 8;

  /** Requests that may wait on one replica. */
  private static final int MOST = 2_000;

  private final Bundles bundles;
  private final int most;
  private final Set<Wait> waits = ConcurrentHashMap.newKeySet();
  private final ScheduledExecutorService watch;
  private final ExecutorService answering;

  public BundleWaits(Bundles bundles, MeterRegistry meters) {
    this(bundles, meters, MOST);
  }

  BundleWaits(Bundles bundles, MeterRegistry meters, int most) {
    this.bundles = bundles;
    this.most = most;
    this.watch = Executors.newSingleThreadScheduledExecutor(task -> daemon(task, "bundle-watch"));
    this.answering = Executors.newFixedThreadPool(ANSWERING, task -> daemon(task, "bundle"));
    Gauge.builder("llmtrace.policy.bundle.waits", waits, Set::size)
        .description("Instances that wait for a policy bundle")
        .register(meters);
  }

  private static Thread daemon(Runnable task, String name) {
    Thread thread = new Thread(task, name);
    thread.setDaemon(true);
    return thread;
  }

  /** A request that waits. */
  private final class Wait {
    private final Poll poll;
    private final Supplier<Response> changed;
    private final Supplier<Response> same;
    private final CompletableFuture<Response> answer = new CompletableFuture<>();
    private final long until;

    /** The change up to which it was looked at; of the watching thread alone. */
    private long seen;

    Wait(
        Poll poll,
        LivePolicies seen,
        Duration time,
        Supplier<Response> changed,
        Supplier<Response> same) {
      this.poll = poll;
      this.seen = seen.version();
      this.until = System.nanoTime() + time.toNanos();
      this.changed = changed;
      this.same = same;
    }

    void look(LivePolicies now) {
      if (seen != now.version()) {
        seen = now.version();
        if (!bundles.suits(now, poll)) {
          end(changed);
        }
      }
    }

    void endIfOver(long nanos) {
      if (until - nanos <= 0) {
        end(same);
      }
    }

    /** Answers, unless somebody else does. */
    private void end(Supplier<Response> with) {
      if (waits.remove(this)) {
        try {
          answering.execute(() -> complete(with));
        } catch (RejectedExecutionException e) {
          log.debug("An instance that waits is told nothing, since this service ends", e);
          answer.cancel(false);
        }
      }
    }

    // The boundary: whatever goes wrong is this request's answer.
    @SuppressWarnings("CatchingUnchecked")
    private void complete(Supplier<Response> with) {
      try {
        answer.complete(with.get());
      } catch (Exception e) {
        answer.completeExceptionally(e);
      }
    }
  }

  public void start() {
    ScheduledFuture<?> unused =
        watch.scheduleWithFixedDelay(
            this::look, PAUSE.toMillis(), PAUSE.toMillis(), TimeUnit.MILLISECONDS);
  }

  /** Looks now, after a change that was committed here. */
  public void now() {
    try {
      watch.execute(this::look);
    } catch (RejectedExecutionException e) {
      log.debug("Nobody waits any more, since this service ends", e);
    }
  }

  /** Whether one more may wait. */
  boolean hasRoom() {
    return waits.size() < most;
  }

  /**
   * Waits.
   *
   * @param seen what held when the request was looked at
   * @param changed the answer once there is something else for this instance
   * @param same the answer when there is not
   */
  CompletableFuture<Response> await(
      Poll poll,
      LivePolicies seen,
      Duration time,
      Supplier<Response> changed,
      Supplier<Response> same) {
    Wait wait = new Wait(poll, seen, time, changed, same);
    waits.add(wait);
    if (watch.isShutdown()) {
      wait.end(same);
    }
    return wait.answer;
  }

  // The boundary: the next look tries again.
  @SuppressWarnings("CatchingUnchecked")
  private void look() {
    try {
      if (!waits.isEmpty()) {
        LivePolicies now = bundles.live();
        waits.forEach(each -> each.look(now));
      }
    } catch (StorageUnavailableException | JdbiException e) {
      // The storage's own probe says and counts that the database is away.
      log.debug("Bundles wait for storage", e);
    } catch (Exception e) {
      log.error("Instances are not told of a change, which is tried again", e);
    }
    long nanos = System.nanoTime();
    waits.forEach(each -> each.endIfOver(nanos));
  }

  /** Answers all who wait, so that they ask another replica. */
  @Override
  public void close() throws InterruptedException {
    watch.shutdownNow();
    waits.forEach(each -> each.end(each.same));
    answering.shutdown();
    if (!answering.awaitTermination(5, TimeUnit.SECONDS)) {
      answering.shutdownNow();
    }
  }
}
