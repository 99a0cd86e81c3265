package io.llmtrace.controlplane.alerts.delivery;

import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.llmtrace.controlplane.alerts.notice.Notice;
import io.llmtrace.controlplane.outbound.Reply;
import io.llmtrace.controlplane.outbound.TransportSettings;
import io.llmtrace.controlplane.storage.StorageUnavailableException;
import io.llmtrace.policies.id.Ulid;
import io.micrometer.core.instrument.MeterRegistry;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.JdbiException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes notices from the outbox and delivers them: at least once, in each incident's order, never
 * more messages a minute than a channel may have. All replicas do; a row is one's at a time.
 * Thread-safe.
 */
public final class Delivery implements AutoCloseable {
  /**
   * What came of a notice that was sent past the outbox.
   *
   * @param result {@code delivered}, {@code retry} or {@code parked}: what the outbox would do
   * @param status of HTTP or SMTP, or null
   * @param error why it was not delivered, without targets and secrets, or null
   * @param tookMillis for the whole attempt
   */
  public record Trial(
      String result, @Nullable Integer status, @Nullable String error, long tookMillis) {}

  private static final Logger log = LoggerFactory.getLogger(Delivery.class);
  private static final Duration AWAY = Duration.ofSeconds(1);

  /** For what is in flight when it ends: an attempt and some more. */
  private static final Duration GRACE = Duration.ofSeconds(15);

  private final Supplier<Jdbi> jdbi;
  private final Map<String, Lane> lanes = new LinkedHashMap<>();
  private final Courier courier;
  private final @Nullable Transport transport;
  private final DeliveryMeters meters;
  private final Tuning tuning;
  private final Claims claims;
  private final Results results;
  private final Upkeep upkeep;
  private final BlockingQueue<Boolean> wakes = new ArrayBlockingQueue<>(1);
  private final ExecutorService senders =
      Executors.newCachedThreadPool(
          task -> {
            Thread thread = new Thread(task, "alert-sender");
            thread.setDaemon(true);
            return thread;
          });
  private final Thread dispatcher = new Thread(this::dispatch, "alert-delivery");
  private volatile boolean closed;

  /**
   * @param jdbi may throw {@link StorageUnavailableException} at any time
   * @param clock for signatures and dates in messages; rows are scheduled by the database's time
   */
  public Delivery(
      Supplier<Jdbi> jdbi,
      List<ConfiguredChannel> channels,
      TransportSettings settings,
      MeterRegistry meters,
      Clock clock) {
    this(
        jdbi,
        channels.stream()
            .map(
                each ->
                    new Lane(
                        Lane.form(each.channel()), each.config(), Tuning.DEFAULT.breakerOpen()))
            .toList(),
        new Transport(settings),
        null,
        DatabaseTime.REAL,
        meters,
        clock,
        Tuning.DEFAULT);
  }

  /**
   * For tests.
   *
   * @param transport closed with it, or null
   * @param carrier instead of the transport, or null
   */
  Delivery(
      Supplier<Jdbi> jdbi,
      List<Lane> lanes,
      @Nullable Transport transport,
      Transport.@Nullable Carrier carrier,
      DatabaseTime time,
      MeterRegistry meters,
      Clock clock,
      Tuning tuning) {
    this.jdbi = jdbi;
    lanes.forEach(lane -> this.lanes.put(lane.name(), lane));
    this.transport = transport;
    this.courier =
        new Courier(
            carrier != null
                ? carrier
                : transport != null
                    ? transport::carry
                    : (message, channel) -> new Reply.Refused("there is no way out"),
            clock);
    this.meters = new DeliveryMeters(meters, List.copyOf(this.lanes.keySet()));
    this.tuning = tuning;
    String replica = new Ulid().next();
    this.claims = new Claims(time, replica, tuning.lease());
    this.results = new Results(time, replica, new SecureRandom());
    this.upkeep = new Upkeep(time, tuning.orphaned());
    dispatcher.setDaemon(true);
  }

  /** Begins; the database need not be there yet. */
  public void start() {
    dispatcher.start();
  }

  /**
   * Looks at the outbox now rather than at the next turn; called after a commit that added rows.
   */
  public void wake() {
    boolean unused = wakes.offer(true);
  }

  /** How channels do, by the database. */
  public List<ChannelHealth> health() {
    return jdbi.get().withHandle(Outbox::health);
  }

  /**
   * Sends a notice at once and once, past outbox, limits and breaker: for who tries a channel.
   *
   * @return empty where no such channel is configured
   */
  public Optional<Trial> tryOut(String channel, Notice notice) {
    Lane lane = lanes.get(channel);
    if (lane == null) {
      return Optional.empty();
    }
    long start = System.nanoTime();
    Outcome outcome = courier.attempt(lane, notice, null);
    Duration took = Duration.ofNanos(System.nanoTime() - start);
    meters.attempt(channel, outcome.label(), took);
    return Optional.of(
        new Trial(outcome.label(), outcome.status(), reason(outcome), took.toMillis()));
  }

  private static @Nullable String reason(Outcome outcome) {
    return outcome instanceof Outcome.Again again
        ? again.reason()
        : outcome instanceof Outcome.Parked parked ? parked.reason() : null;
  }

  // The boundary of the thread: without it nothing would be delivered any more.
  @SuppressWarnings("CatchingUnchecked")
  private void dispatch() {
    boolean failed = false;
    long nextUpkeep = System.nanoTime();
    while (!closed) {
      Duration pause = tuning.poll();
      try {
        if (System.nanoTime() - nextUpkeep >= 0) {
          keep();
          nextUpkeep = System.nanoTime() + tuning.upkeep().toNanos();
        }
        if (round()) {
          pause = Duration.ZERO;
        }
        failed = false;
      } catch (StorageUnavailableException e) {
        log.debug("Alerts wait for storage", e);
        pause = AWAY;
      } catch (Exception e) {
        if (!failed) {
          log.warn("Alerts are not taken from the outbox; it is tried again", e);
        }
        failed = true;
        pause = AWAY;
      }
      try {
        Boolean unused = wakes.poll(pause.toMillis(), TimeUnit.MILLISECONDS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
    }
  }

  private void keep() {
    List<ChannelHealth> health =
        jdbi.get()
            .inTransaction(
                handle -> {
                  upkeep.run(handle, List.copyOf(lanes.keySet()));
                  return Outbox.health(handle);
                });
    meters.show(health);
  }

  /** Whether something was claimed, so that there may be more. */
  private boolean round() {
    if (lanes.isEmpty()) {
      return false;
    }
    boolean any = false;
    for (String name :
        jdbi.get().withHandle(handle -> claims.due(handle, List.copyOf(lanes.keySet())))) {
      Lane lane = lanes.get(name);
      if (lane != null && !closed) {
        any |= take(lane);
      }
    }
    return any;
  }

  private boolean take(Lane lane) {
    int free = tuning.inFlight() - lane.inFlight().get();
    int permits = 0;
    while (permits < free && lane.breaker().tryAcquirePermission()) {
      permits++;
    }
    if (permits == 0) {
      return false;
    }
    int slots = permits;
    int used = 0;
    try {
      List<Claimed> rows = jdbi.get().inTransaction(handle -> claims.take(handle, lane, slots));
      for (Claimed row : rows) {
        lane.inFlight().incrementAndGet();
        used++;
        senders.execute(() -> deliver(lane, row));
      }
      return !rows.isEmpty();
    } finally {
      for (; used < slots; used++) {
        lane.breaker().releasePermission();
      }
    }
  }

  // The boundary of a message: whatever happens, its place is free again and its lease ends.
  @SuppressWarnings("CatchingUnchecked")
  private void deliver(Lane lane, Claimed row) {
    long start = System.nanoTime();
    boolean judged = false;
    try {
      if (start - row.nanos() > tuning.lease().toNanos() / 2) {
        // The process stood still; another replica may be at it by the time the message is out.
        return;
      }
      Outcome outcome = courier.attempt(lane, row.notice(), row.reference());
      Duration took = Duration.ofNanos(System.nanoTime() - start);
      judged = true;
      CircuitBreaker breaker = lane.breaker();
      if (outcome instanceof Outcome.Again) {
        breaker.onError(took.toNanos(), TimeUnit.NANOSECONDS, new IllegalStateException("again"));
      } else {
        // Whoever refuses for good reasons is there.
        breaker.onSuccess(took.toNanos(), TimeUnit.NANOSECONDS);
      }
      end(lane, row, outcome, took);
    } catch (Exception e) {
      log.warn(
          "An attempt to deliver an alert through {} broke; it is tried again", lane.name(), e);
    } finally {
      if (!judged) {
        lane.breaker().releasePermission();
      }
      lane.inFlight().decrementAndGet();
      wake();
    }
  }

  /** Writes what came of it. While the database is away, as long as the lease. */
  private void end(Lane lane, Claimed row, Outcome outcome, Duration took)
      throws InterruptedException {
    while (true) {
      try {
        Results.Ended ended =
            jdbi.get()
                .inTransaction(handle -> results.end(handle, lane.name(), row, outcome, took));
        meters.attempt(lane.name(), ended.outcome().label(), took);
        tell(lane, row, ended);
        return;
      } catch (StorageUnavailableException | JdbiException e) {
        if (System.nanoTime() - row.nanos() > tuning.lease().toNanos()) {
          log.warn(
              "What came of an alert's delivery through {} could not be stored: {} is sent again",
              lane.name(),
              row.id(),
              e);
          meters.attempt(lane.name(), "unknown", took);
          return;
        }
        Thread.sleep(AWAY.toMillis());
      }
    }
  }

  private void tell(Lane lane, Claimed row, Results.Ended ended) {
    if (ended.outcome() instanceof Outcome.Delivered) {
      meters.delivered(lane.name(), Duration.between(row.createdAt(), ended.at()));
    } else if (ended.outcome() instanceof Outcome.Parked parked) {
      log.warn(
          "Alert {} is parked, {} does not get it: {}", row.id(), lane.name(), parked.reason());
    }
  }

  /** Takes no more, and waits for what is in flight; what stays is taken again after its lease. */
  @Override
  public void close() {
    closed = true;
    wake();
    try {
      dispatcher.join(GRACE.toMillis());
      senders.shutdown();
      if (!senders.awaitTermination(GRACE.toMillis(), TimeUnit.MILLISECONDS)) {
        senders.shutdownNow();
      }
    } catch (InterruptedException e) {
      senders.shutdownNow();
      Thread.currentThread().interrupt();
    }
    if (transport != null) {
      transport.close();
    }
  }
}
