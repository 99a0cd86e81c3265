package io.llmtrace.cli.bench.policies;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmtrace.cli.bench.policies.Node.Heard;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jdbi.v3.core.Jdbi;

/**
 * Two versions take turns while requests come: one blocks them, the other flags them. Each request
 * must be answered as one of the two says, and each record must name the bundle whose version said
 * so.
 */
final class SwapBench {
  private static final int CLIENTS = 4;
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final Duration STORING = Duration.ofMinutes(2);
  private static final Pattern DECISION = Pattern.compile("\\(decision ([0-9A-Z]{26})\\)");

  private final Installation installation;
  private final EditedPolicy policy;
  private final Figures figures;
  private final int blocking;
  private final int flagging;
  private final AtomicLong passed = new AtomicLong();
  private final AtomicLong failed = new AtomicLong();

  /** Decision ids that callers were told with their blocks. */
  private final Set<String> blocked = ConcurrentHashMap.newKeySet();

  private volatile String firstFailure = "";
  private volatile boolean over;

  private SwapBench(Installation installation, EditedPolicy policy, Figures figures)
      throws IOException, InterruptedException {
    this.installation = installation;
    this.policy = policy;
    this.figures = figures;
    this.blocking = policy.edit(EditedPolicy.Way.BLOCKS);
    this.flagging = policy.edit(EditedPolicy.Way.FLAGS);
  }

  static void measure(Installation installation, EditedPolicy policy, int swaps, Figures figures)
      throws Exception {
    new SwapBench(installation, policy, figures).run(swaps);
  }

  private void run(int swaps) throws Exception {
    policy.activate(flagging);
    awaitVersion(flagging);
    // What was asked until here is not counted, and its records are older.
    passed.set(0);
    blocked.clear();
    failed.set(0);
    long from = System.currentTimeMillis();
    long start = System.nanoTime();
    ExecutorService clients = Executors.newFixedThreadPool(CLIENTS);
    List<Future<?>> load = new ArrayList<>();
    try {
      for (int i = 0; i < CLIENTS; i++) {
        int first = i;
        load.add(clients.submit(() -> load(first)));
      }
      for (int i = 1; i <= swaps; i++) {
        int version = i % 2 == 1 ? blocking : flagging;
        policy.activate(version);
        awaitVersion(version);
        if (i % 20 == 0) {
          figures.say("%d swaps, %d requests", i, requests());
        }
      }
    } finally {
      over = true;
      for (Future<?> each : load) {
        each.get();
      }
      clients.shutdown();
    }
    double seconds = (System.nanoTime() - start) / 1e9;
    told(swaps, seconds, compared(from));
  }

  /** Each request of a client goes to the next instance. */
  private void load(int first) {
    List<Node> nodes = installation.nodes();
    for (int i = first; !over; i++) {
      try {
        Heard unused = asked(nodes.get(i % nodes.size()));
      } catch (IOException e) {
        failure(e.toString());
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
    }
  }

  private Heard asked(Node node) throws IOException, InterruptedException {
    Heard heard = node.ask();
    if (heard.status() == 200) {
      passed.incrementAndGet();
    } else if (heard.isBlockOf(blocking)) {
      Matcher id = DECISION.matcher(heard.body());
      if (id.find()) {
        blocked.add(id.group(1));
      } else {
        failure("a block without its decision: " + heard.body());
      }
    } else {
      failure(heard.status() + ": " + heard.body());
    }
    return heard;
  }

  private void failure(String what) {
    if (failed.getAndIncrement() == 0) {
      firstFailure = what;
    }
  }

  private long requests() {
    return passed.get() + blocked.size() + failed.get();
  }

  private void awaitVersion(int version) throws Exception {
    for (Node node : installation.nodes()) {
      Waiting.until(
          node.name() + " goes by version " + version,
          PATIENCE,
          () -> (asked(node).status() == 200) == (version == flagging));
    }
  }

  /**
   * What was stored beside what callers saw.
   *
   * @param revisions bundles that decided
   * @param wrong records that name another version than decided, or another answer than was given
   * @param first the first of these
   */
  private record Compared(long stored, int revisions, long wrong, String first) {}

  /** What a stored record says of a decision. */
  private record Recorded(String id, long revision, String rule, String action) {}

  private Compared compared(long from) throws Exception {
    Jdbi database = installation.database();
    // Requests that failed may have been recorded or not.
    long sure = passed.get() + blocked.size();
    Waiting.until(
        sure + " records are stored",
        STORING,
        () ->
            database.withHandle(
                    handle ->
                        handle
                            .createQuery("SELECT count(*) FROM exchanges WHERE at >= :from")
                            .bind("from", from)
                            .mapTo(Long.class)
                            .one())
                >= sure);
    List<Recorded> records =
        database.withHandle(
            handle ->
                handle
                    .createQuery(
                        "SELECT decision_id, record->'decision'->>'revision' AS revision,"
                            + " record->'decision'->>'rule' AS rule,"
                            + " record->'decision'->>'action' AS action"
                            + " FROM exchanges WHERE at >= :from")
                    .bind("from", from)
                    .map(
                        (row, context) ->
                            new Recorded(
                                row.getString("decision_id"),
                                row.getLong("revision"),
                                row.getString("rule"),
                                row.getString("action")))
                    .list());
    Map<Long, Integer> versions = new HashMap<>();
    long wrong = 0;
    String first = "";
    for (Recorded each : records) {
      Integer version = versions.get(each.revision());
      if (version == null) {
        version = policy.versionAt(each.revision());
        versions.put(each.revision(), version);
      }
      boolean blocks = version == blocking;
      boolean right =
          each.rule().equals(EditedPolicy.rule(version))
              && each.action().equals(blocks ? "block" : "flag")
              && blocked.contains(each.id()) == blocks;
      if (!right && wrong++ == 0) {
        first = each + ", decided by version " + version;
      }
    }
    return new Compared(records.size(), versions.size(), wrong, first);
  }

  private void told(int swaps, double seconds, Compared compared) {
    ObjectNode part = figures.part("swaps");
    part.put("swaps", swaps)
        .put("nodes", installation.nodes().size())
        .put("seconds", seconds)
        .put("requests", requests())
        .put("passed", passed.get())
        .put("blocked", blocked.size())
        .put("records", compared.stored())
        .put("revisions", compared.revisions());
    figures.say(
        "%d swaps in %.0f s: %d requests (%d passed, %d blocked), %d records by %d bundles",
        swaps,
        seconds,
        requests(),
        passed.get(),
        blocked.size(),
        compared.stored(),
        compared.revisions());
    if (failed.get() > 0) {
      part.put("first_failure", firstFailure);
      figures.say("the first failure: %s", firstFailure);
    }
    if (compared.wrong() > 0) {
      part.put("first_wrong", compared.first());
      figures.say("the first wrong record: %s", compared.first());
    }
    figures.exactly("requests that failed during %d swaps".formatted(swaps), failed.get(), 0);
    figures.exactly("records that name another version than decided", compared.wrong(), 0);
    figures.exactly(
        "records beside requests that were answered",
        compared.stored() - passed.get() - blocked.size(),
        0);
  }
}
