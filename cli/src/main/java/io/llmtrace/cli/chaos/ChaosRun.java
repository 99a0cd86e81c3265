package io.llmtrace.cli.chaos;

import io.llmtrace.cli.chaos.Result.Verdict;
import io.llmtrace.cli.chaos.Sent.Kind;
import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/** Puts faults into a stack that is up, one after the other. For one thread. */
final class ChaosRun {
  /** A cold stack reads its first exchanges with interpreted code. */
  private static final int COLD_PER_SECOND = 3;

  private static final Duration COLD_PATIENCE = Duration.ofMinutes(2);
  private static final Duration LEAD = Duration.ofSeconds(1);
  private static final Duration PATIENCE = Duration.ofSeconds(40);
  private static final Duration SETTLED = Duration.ofSeconds(60);

  /** The gateway's log comes at most two seconds late, and is tried again each second. */
  private static final Duration QUIET = Duration.ofMillis(3_500);

  private static final int REMEMBERED = 300;

  /** Of clients that do not wait between two requests. */
  private static final int CONNECTIONS = 16;

  private final ChaosStack stack;
  private final Machine machine;
  private final int perSecond;
  private final Consumer<String> say;
  private final Client client;
  private final Accounts accounts;
  private final List<Double> healthy = new ArrayList<>();
  private boolean unsettled;

  /**
   * @param perSecond requests, whatever becomes of them
   * @param say takes a line on what is done
   */
  ChaosRun(ChaosStack stack, Machine machine, int perSecond, Consumer<String> say) {
    this.stack = stack;
    this.machine = machine;
    this.perSecond = perSecond;
    this.say = say;
    this.client = new Client(stack.gatewayPort());
    this.accounts = new Accounts(stack);
  }

  /**
   * Traffic without a fault, so that nothing is cold and what is normal is known.
   *
   * @throws IOException when even that is not accounted for
   */
  void warmUp(Duration time) throws IOException, InterruptedException, SQLException {
    Accounts.Standing before = accounts.standing();
    List<Sent> sent = new ArrayList<>();
    try (Traffic traffic = new Traffic(client, COLD_PER_SECOND)) {
      long recovered = recovered(traffic, System.nanoTime(), COLD_PATIENCE);
      sent.addAll(traffic.stop());
      if (recovered >= COLD_PATIENCE.toMillis()) {
        throw new IOException("the stack does not inspect and record: " + stack.pluginHealth());
      }
    }
    long warm;
    try (Traffic traffic = new Traffic(client, perSecond)) {
      Thread.sleep(time.toMillis() / 2);
      warm = System.nanoTime();
      Thread.sleep(time.toMillis() / 2);
      sent.addAll(traffic.stop());
    }
    settle(before, sent, 0, SETTLED);
    remember(sent, warm, System.nanoTime());
  }

  /** Runs one fault. */
  Result run(Fault fault) throws InterruptedException {
    Optional<String> lacks = machine.lacks(fault.need());
    if (lacks.isPresent()) {
      return new Result(fault, Verdict.SKIPPED, List.of(lacks.get()), null, 0);
    }
    long start = System.nanoTime();
    List<String> problems = new ArrayList<>();
    Measured measured = null;
    try {
      measured = measure(fault, problems);
      problems.addAll(Judge.problems(fault.expectation(), measured));
    } catch (InterruptedException e) {
      throw e;
    } catch (Exception e) {
      // The boundary of one fault: it failed, which is its verdict, and the others go on.
      problems.add(firstLine(e));
    }
    double seconds = (System.nanoTime() - start) / 1e9;
    return new Result(
        fault, problems.isEmpty() ? Verdict.OK : Verdict.NOT_OK, problems, measured, seconds);
  }

  private Measured measure(Fault fault, List<String> problems) throws Exception {
    List<String> broken = stack.mend();
    if (!broken.isEmpty()) {
      say.accept("  mended after the fault before: " + String.join(", ", broken));
    }
    Injection injection = fault.injection().get();
    injection.prepare(stack);
    if (unsettled) {
      quiet();
    }
    unsettled = true;
    Accounts.Standing before = accounts.standing();
    List<Sent> sent;
    long begun;
    long ended;
    long recovery;
    try (Traffic traffic = new Traffic(client, perSecond)) {
      Thread.sleep(LEAD.toMillis());
      begun = System.nanoTime();
      try {
        injection.begin(stack);
        Thread.sleep(fault.hold().toMillis());
      } finally {
        ended = end(injection, problems);
      }
      recovery = recovered(traffic, ended, PATIENCE);
      sent = traffic.stop();
    }
    settle(before, sent, injection.sends(), SETTLED);
    remember(sent, 0, begun);
    Accounts.Latency latency =
        new Accounts.Latency(p95(healthy), p95(latencies(sent, begun, ended)));
    details(sent, fault, problems);
    Measured measured = accounts.of(before, sent, latency, recovery);
    unsettled = false;
    after(injection, problems);
    return measured;
  }

  /** What a fault that failed half-way has left underway is not to be the next one's. */
  private void quiet() throws InterruptedException, SQLException, IOException {
    long start = System.nanoTime();
    long changed = start;
    long last = -1;
    while (System.nanoTime() - start < SETTLED.toNanos()) {
      Accounts.Standing now = accounts.standing();
      long count = now.logged() + now.exchanges() + now.completions() + now.unrecorded();
      if (count != last || accounts.inSpool() > 0) {
        last = count;
        changed = System.nanoTime();
      } else if (System.nanoTime() - changed > QUIET.toNanos()) {
        return;
      }
      Thread.sleep(200);
    }
  }

  /** Ends the fault in any case; that it could not be ended is a problem of its own. */
  private long end(Injection injection, List<String> problems) throws InterruptedException {
    try {
      injection.end(stack);
    } catch (InterruptedException e) {
      throw e;
    } catch (Exception e) {
      // The boundary of the fault's end: reported, and what follows shows what is left of it.
      problems.add("the fault's end: " + firstLine(e));
    }
    return System.nanoTime();
  }

  /** As with the end: the books stand whatever it finds. */
  private void after(Injection injection, List<String> problems) throws InterruptedException {
    try {
      injection.after(stack);
    } catch (InterruptedException e) {
      throw e;
    } catch (Exception e) {
      // The boundary of the fault: reported, and the next one mends what is left of it.
      problems.add("afterwards: " + firstLine(e));
    }
  }

  /** Without what a process wrote: its log is kept. */
  private static String firstLine(Exception e) {
    return e.toString().lines().findFirst().orElse("");
  }

  /** One example of each error that is not expected, for whoever looks for its cause. */
  private static void details(List<Sent> sent, Fault fault, List<String> problems) {
    sent.stream()
        .filter(one -> one.error() != null)
        .filter(one -> !fault.expectation().errors().contains(one.error()))
        .limit(3)
        .forEach(one -> problems.add("for example: " + one));
  }

  /**
   * Waits until an attack is blocked and recorded and a good request answered.
   *
   * @return milliseconds since {@code from}; longer than any expectation when it is not in time
   */
  long recovered(Traffic traffic, long from) throws InterruptedException, SQLException {
    return recovered(traffic, from, PATIENCE);
  }

  private long recovered(Traffic traffic, long from, Duration patience)
      throws InterruptedException, SQLException {
    while (System.nanoTime() - from < patience.toNanos()) {
      Sent attack = traffic.one(Kind.ATTACK_PROBE);
      if (attack.status() == 400 && traffic.one(Kind.PROBE).status() == 200) {
        while (System.nanoTime() - from < patience.toNanos()) {
          if (accounts.stored(attack.trace())) {
            return Duration.ofNanos(System.nanoTime() - from).toMillis();
          }
          Thread.sleep(50);
        }
      }
      Thread.sleep(100);
    }
    return Duration.ofNanos(System.nanoTime() - from).toMillis();
  }

  /**
   * Waits until what was logged before has its exchange: what is joined later would be of the books
   * that are opened now.
   */
  void joined(Duration most) throws InterruptedException, SQLException {
    long start = System.nanoTime();
    while (accounts.standing().unrecorded() > 0 && System.nanoTime() - start < most.toNanos()) {
      Thread.sleep(200);
    }
  }

  /**
   * Waits until every exchange that the gateway logged is stored, or nothing more comes.
   *
   * @param beside answered requests that are not among {@code sent}
   * @param most how long at most
   */
  void settle(Accounts.Standing before, List<Sent> sent, int beside, Duration most)
      throws InterruptedException, SQLException, IOException {
    // Of one that failed nobody knows whether the gateway logs it: then only quiet tells.
    boolean certain = sent.stream().allMatch(one -> one.status() > 0);
    long start = System.nanoTime();
    long changed = start;
    long last = -1;
    while (System.nanoTime() - start < most.toNanos()) {
      long logged = (long) stack.tee().logged() - before.logged();
      long completions = accounts.completionsSince(before);
      if (logged + completions != last) {
        last = logged + completions;
        changed = System.nanoTime();
      }
      boolean quiet = System.nanoTime() - changed > QUIET.toNanos();
      boolean there =
          ((certain && logged >= sent.size() + beside) || quiet) && completions >= logged;
      // What is lost never comes.
      boolean gone = quiet && completions + accounts.lostSince(before) >= logged;
      if ((there || gone) && accounts.inSpool() == 0) {
        return;
      }
      Thread.sleep(100);
    }
    say.accept("  not everything settled within " + most.toSeconds() + " s");
  }

  private void remember(List<Sent> sent, long from, long until) {
    // What was underway when the fault began is no measure of what is normal.
    List<Sent> ended =
        sent.stream().filter(one -> one.at() + (long) (one.millis() * 1e6) - until <= 0).toList();
    healthy.addAll(latencies(ended, from, until));
    if (healthy.size() > REMEMBERED) {
      healthy.subList(0, healthy.size() - REMEMBERED).clear();
    }
  }

  /** Of good requests without a stream, sent in this time. */
  private static List<Double> latencies(List<Sent> sent, long from, long until) {
    return sent.stream()
        .filter(one -> one.kind() == Kind.JSON && one.error() == null)
        .filter(one -> (from == 0 || one.at() - from >= 0) && one.at() - until <= 0)
        .map(Sent::millis)
        .toList();
  }

  private static double p95(List<Double> millis) {
    return percentile(millis, 0.95);
  }

  /**
   * A percentile.
   *
   * @param share 0 to 1
   */
  static double percentile(List<Double> millis, double share) {
    if (millis.isEmpty()) {
      return 0;
    }
    List<Double> sorted = millis.stream().sorted().toList();
    return sorted.get((int) Math.min(sorted.size() - 1L, Math.round(sorted.size() * share)));
  }

  Accounts accounts() {
    return accounts;
  }

  /** Traffic through the stack's gateway. */
  Traffic traffic(int requestsPerSecond) {
    return new Traffic(client, requestsPerSecond);
  }

  /** The same by so many clients at most. */
  Traffic traffic(int requestsPerSecond, int clients) {
    return new Traffic(client, requestsPerSecond, clients);
  }

  /** Requests a second that the stack answers when it always has some to answer. */
  int capacity(Duration time) throws InterruptedException, SQLException, IOException {
    Accounts.Standing before = accounts.standing();
    List<Sent> sent = Traffic.closed(client, CONNECTIONS, time);
    settle(before, sent, 0, SETTLED);
    return (int) (sent.size() / (time.toMillis() / 1e3));
  }
}
