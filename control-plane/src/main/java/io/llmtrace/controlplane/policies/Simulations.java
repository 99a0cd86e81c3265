package io.llmtrace.controlplane.policies;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmtrace.controlplane.access.Caller;
import io.llmtrace.controlplane.access.Permission;
import io.llmtrace.controlplane.exchanges.ExchangeFilter;
import io.llmtrace.controlplane.exchanges.ExchangeRows;
import io.llmtrace.controlplane.http.Page;
import io.llmtrace.controlplane.http.Problem;
import io.llmtrace.controlplane.query.Fields;
import io.llmtrace.controlplane.query.Parameters;
import io.llmtrace.controlplane.query.Place;
import io.llmtrace.controlplane.query.Reading;
import io.llmtrace.controlplane.storage.ScopedJdbi;
import io.llmtrace.controlplane.storage.StorableJson;
import io.llmtrace.policies.detect.engine.DetectionEngine;
import io.llmtrace.policies.id.Ulid;
import io.llmtrace.policies.json.WireJson;
import io.llmtrace.policies.language.Policy;
import io.llmtrace.policies.trial.Outcome;
import io.llmtrace.policies.trial.Sample;
import io.llmtrace.policies.trial.Trials;
import io.llmtrace.policies.wire.InspectionRecord;
import java.time.Clock;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tries policies on what is stored, one after the other in the background. How far one is stands in
 * the database, so that every replica can say it. Thread-safe.
 */
// An interrupt while closing ends the close; callers see it as it is.
@SuppressWarnings("try")
public final class Simulations implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Simulations.class);

  private static final int PAGE = 500;
  private static final int WAITING = 20;

  /** Places in the queue that a tenant has, and a caller of all tenants. */
  private static final int WAITING_EACH = 2;

  private static final int BUSY_SECONDS = 10;
  private static final Duration MODELS = Duration.ofMinutes(1);

  /**
   * What is tried.
   *
   * @param tenant whose policy; null is everybody's
   * @param active what decides now in its place; null where nothing does
   */
  record Tried(@Nullable String tenant, Policy candidate, @Nullable Policy active) {}

  /** What it is tried on. */
  sealed interface On {
    /** As many as will be looked at. */
    int total();

    /** Stored exchanges. */
    record Stored(ExchangeFilter filter, int most) implements On {
      @Override
      public int total() {
        return most;
      }
    }

    /** Samples, by the lines on which they stood. */
    record Samples(Map<Integer, Sample> byLine) implements On {
      @Override
      public int total() {
        return byLine.size();
      }
    }
  }

  /**
   * One of this replica.
   *
   * @param whose the tenant, or the caller of all tenants, whose place in the queue it has
   */
  private record Own(Caller caller, String whose) {}

  private final ScopedJdbi jdbi;
  private final Clock clock;
  private final Ulid ids = new Ulid();
  private final ThreadPoolExecutor threads;
  private final Map<String, Own> waiting = new HashMap<>();
  private final Map<String, Own> running = new HashMap<>();
  private @Nullable Trials trials;

  public Simulations(ScopedJdbi jdbi, Clock clock) {
    this.jdbi = jdbi;
    this.clock = clock;
    this.threads =
        new ThreadPoolExecutor(
            1,
            1,
            0,
            TimeUnit.SECONDS,
            new ArrayBlockingQueue<>(WAITING),
            task -> {
              Thread thread = new Thread(task, "policy-simulation");
              thread.setDaemon(true);
              return thread;
            });
  }

  /**
   * Begins one.
   *
   * @param tenant of whom its row is; null for callers of all tenants
   * @return its id
   */
  String begin(Caller caller, @Nullable String tenant, Tried tried, On on) {
    String id = ids.next();
    queue(id, new Own(caller, tenant == null ? PolicyStore.person(caller) : "tenant:" + tenant));
    try {
      insert(id, caller, tenant, on);
      threads.execute(() -> run(caller, id, tried, on));
    } catch (RejectedExecutionException e) {
      log.debug("A simulation is refused", e);
      end(caller, id, null, "too many simulations were waiting");
      throw Problem.busy("too many simulations wait, try again", BUSY_SECONDS);
    } catch (RuntimeException e) {
      forget(id);
      throw e;
    }
    return id;
  }

  private synchronized void queue(String id, Own own) {
    if (waiting.values().stream().filter(each -> each.whose().equals(own.whose())).count()
        >= WAITING_EACH) {
      throw Problem.busy(
          WAITING_EACH
              + " simulations of "
              + (own.whose().startsWith("tenant:") ? own.whose().substring(7) : "yours")
              + " wait already, which is the most: try again when one has begun",
          BUSY_SECONDS);
    }
    waiting.put(id, own);
  }

  private synchronized void begun(String id) {
    Own own = waiting.remove(id);
    if (own != null) {
      running.put(id, own);
    }
  }

  private synchronized void forget(String id) {
    waiting.remove(id);
    running.remove(id);
  }

  private synchronized Map<String, Own> own() {
    Map<String, Own> own = new HashMap<>(waiting);
    own.putAll(running);
    return own;
  }

  /**
   * Says of those that wait or run here that this replica is there: one in the queue, or whose
   * models are loaded, says nothing itself.
   */
  public void beat() {
    own().forEach((id, own) -> beat(own.caller(), id));
  }

  private void insert(String id, Caller caller, @Nullable String tenant, On on) {
    int unused =
        jdbi.write(
            caller,
            Permission.POLICIES_WRITE,
            handle ->
                handle
                    .createUpdate(
                        "INSERT INTO policy_simulations (id, tenant, actor, state, total)"
                            + " VALUES (:id, :tenant, :actor, 'waiting', :total)")
                    .bind("id", id)
                    .bind("tenant", tenant)
                    .bind("actor", caller.actor())
                    .bind("total", on.total())
                    .execute());
  }

  // The boundary of the thread: whatever goes wrong is told with the simulation.
  @SuppressWarnings("CatchingUnchecked")
  private void run(Caller caller, String id, Tried tried, On on) {
    try {
      begun(id);
      Tally tally = new Tally();
      beat(caller, id, tally);
      if (on instanceof On.Stored stored) {
        stored(caller, id, tried, stored, tally);
      } else if (on instanceof On.Samples samples) {
        samples(caller, id, tried, samples, tally);
      }
      end(caller, id, tally.result(), null);
    } catch (Exception e) {
      log.warn("Simulation {} failed", id, e);
      end(caller, id, null, "it failed: " + e.getClass().getSimpleName());
    }
  }

  private void stored(Caller caller, String id, Tried tried, On.Stored on, Tally tally) {
    ObjectNode wanted = JsonNodeFactory.instance.objectNode().put("fields", "inspection");
    Fields fields = Fields.of(Parameters.of(wanted, List.of("fields")), ExchangeRows.SHAPE);
    Reading reading = new Reading.Apart(jdbi, caller, Permission.EXCHANGES_READ);
    Map<String, Candidate> byTenant = new HashMap<>();
    Place behind = null;
    do {
      int most = (int) Math.min(PAGE, on.most() - tally.exchanges());
      Page<ObjectNode> page = ExchangeRows.page(reading, on.filter(), fields, most, behind);
      for (ObjectNode item : page.items()) {
        InspectionRecord record = record(item.path("inspection"));
        byTenant
            .computeIfAbsent(record.tenant(), tenant -> candidate(caller, tenant, tried))
            .decide(record, tally);
      }
      behind = page.next() == null ? null : Place.of(page.next(), on.filter().order());
      beat(caller, id, tally);
    } while (behind != null && tally.exchanges() < on.most());
  }

  private void samples(Caller caller, String id, Tried tried, On.Samples on, Tally tally)
      throws InterruptedException {
    Trials engine = trials();
    StandardLayers layers = layers(caller, tried.tenant());
    Policy active = tried.active();
    Candidate before =
        new Candidate(active == null ? layers.policies() : layers.with(tried.tenant(), active));
    Candidate after = new Candidate(layers.with(tried.tenant(), tried.candidate()));
    long told = System.nanoTime();
    for (Map.Entry<Integer, Sample> each : on.byLine().entrySet()) {
      Outcome was = engine.run(before.stack(), each.getValue());
      Outcome is = engine.run(after.stack(), each.getValue());
      tally.decided(
          "line-" + each.getKey(),
          new Tally.Decided(was.action(), was.rule()),
          new Tally.Decided(is.action(), is.rule()),
          is.findings());
      if (System.nanoTime() - told > TimeUnit.SECONDS.toNanos(1)) {
        told = System.nanoTime();
        beat(caller, id, tally);
      }
    }
  }

  /** The real engine, made when it is first needed: its models take some memory. */
  private Trials trials() throws InterruptedException {
    Trials known = trials;
    if (known == null) {
      DetectionEngine engine = DetectionEngine.builtIn();
      boolean unused = engine.awaitModels(MODELS);
      known = new Trials(engine, clock);
      trials = known;
    }
    return known;
  }

  private Candidate candidate(Caller caller, String tenant, Tried tried) {
    return new Candidate(layers(caller, tenant).with(tried.tenant(), tried.candidate()));
  }

  private StandardLayers layers(Caller caller, @Nullable String tenant) {
    return jdbi.read(caller, Permission.POLICIES_READ, handle -> StandardLayers.of(handle, tenant));
  }

  private static InspectionRecord record(JsonNode json) {
    try {
      return WireJson.mapper().treeToValue(json, InspectionRecord.class);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a stored record cannot be read", e);
    }
  }

  private void beat(Caller caller, String id) {
    int unused =
        jdbi.write(
            caller,
            Permission.POLICIES_WRITE,
            handle ->
                handle
                    .createUpdate("UPDATE policy_simulations SET beat_at = now() WHERE id = :id")
                    .bind("id", id)
                    .execute());
  }

  /** Says how far it is. */
  private void beat(Caller caller, String id, Tally tally) {
    int unused =
        jdbi.write(
            caller,
            Permission.POLICIES_WRITE,
            handle ->
                handle
                    .createUpdate(
                        "UPDATE policy_simulations SET state = 'running', done = :done,"
                            + " beat_at = now() WHERE id = :id")
                    .bind("done", tally.exchanges())
                    .bind("id", id)
                    .execute());
  }

  private void end(
      Caller caller, String id, @Nullable SimulationResult result, @Nullable String problem) {
    forget(id);
    int unused =
        jdbi.write(
            caller,
            Permission.POLICIES_WRITE,
            handle ->
                handle
                    .createUpdate(
                        "UPDATE policy_simulations SET state = :state, problem = :problem,"
                            + " result = CAST(:result AS jsonb), done = coalesce(:done, done),"
                            + " total = coalesce(:done, total), beat_at = now() WHERE id = :id")
                    .bind("state", result == null ? "failed" : "done")
                    .bind("problem", problem)
                    .bind("result", result == null ? null : json(result))
                    .bind("done", result == null ? null : Integer.valueOf((int) result.exchanges()))
                    .bind("id", id)
                    .execute());
  }

  private static String json(SimulationResult result) {
    try {
      return StorableJson.of(WireJson.mapper().writeValueAsString(result));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a result is made of what can be written", e);
    }
  }

  /** Forgets old ones. */
  public static void expire(Handle handle) {
    handle.execute("DELETE FROM policy_simulations WHERE created_at < now() - interval '7 days'");
  }

  @Override
  public void close() throws InterruptedException {
    threads.shutdownNow();
    boolean unused = threads.awaitTermination(5, TimeUnit.SECONDS);
  }
}
