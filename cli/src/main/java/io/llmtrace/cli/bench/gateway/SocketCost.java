package io.llmtrace.cli.bench.gateway;

import io.llmtrace.cli.measure.Rounded;
import io.llmtrace.cli.measure.Rounds;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/** Processor time and memory of a call straight on the socket. */
final class SocketCost {
  private static final double SETTLING_SECONDS = 3;
  private static final int MOST_SETTLING_ROUNDS = 40;
  private static final double SETTLED_SHARE = 0.04;

  private final BenchPlan plan;
  private final Bodies texts;
  private final Figures figures;

  SocketCost(BenchPlan plan, Bodies texts, Figures figures) {
    this.plan = plan;
    this.texts = texts;
    this.figures = figures;
  }

  void measure(Contender noop, Contender inspect) throws InterruptedException, IOException {
    processor(noop, inspect);
    allocation(inspect);
  }

  private void processor(Contender noop, Contender inspect)
      throws InterruptedException, IOException {
    List<Double> idle = new ArrayList<>();
    List<Double> ours = new ArrayList<>();
    List<Double> cpu = new ArrayList<>();
    List<Double> idleCpu = new ArrayList<>();
    SocketLoad toNoop = new SocketLoad(noop.subject().socket(), Contenders.CONF);
    SocketLoad toOurs = new SocketLoad(inspect.subject().socket(), Contenders.CONF);
    Supplier<byte[]> bodies = texts.ongoing(8 << 10);
    settle(noop.subject(), toNoop, bodies);
    settle(inspect.subject(), toOurs, bodies);
    List<Double> compilers = new ArrayList<>();
    for (int round = 0; round < plan.rounds(); round++) {
      figures.say("straight on the socket, round %d", round + 1);
      long before = noop.subject().stats().cpuNanos();
      Outcome seen = toNoop.closed(bodies, 16, plan.seconds());
      idleCpu.add((noop.subject().stats().cpuNanos() - before) / 1e3 / seen.nanos().length);
      idle.add(seen.perSecond());
      SubjectMain.Stats start = inspect.subject().stats();
      seen = toOurs.closed(bodies, 16, plan.seconds());
      SubjectMain.Stats end = inspect.subject().stats();
      cpu.add((end.cpuNanos() - start.cpuNanos()) / 1e3 / seen.nanos().length);
      compilers.add((end.compilerNanos() - start.compilerNanos()) / 1e3 / seen.nanos().length);
      ours.add(seen.perSecond());
      figures.count(seen);
    }
    figures.json().put("socket_ratio_to_noop", Rounded.thousandths(Rounds.medianRatio(ours, idle)));
    figures.json().put("cpu_us_per_call", Rounded.tenths(Rounds.median(cpu)));
    figures.json().put("noop_cpu_us_per_call", Rounded.tenths(Rounds.median(idleCpu)));
    figures.json().put("compiler_us_per_call", Rounded.tenths(Rounds.median(compilers)));
    figures.note(
        new Notes.Judgement(
            "8 KB straight on the socket: µs of processor time a call (noop "
                + Rounded.tenths(Rounds.median(idleCpu))
                + ", compilers "
                + Rounded.tenths(Rounds.median(compilers))
                + " of it)",
            Rounds.median(cpu),
            "–",
            true),
        null);
  }

  /**
   * Runs until compilers take next to nothing of a process: a large program is compiled for a
   * minute and more under load, which is no cost of a request.
   */
  private void settle(Subject subject, SocketLoad load, Supplier<byte[]> bodies)
      throws InterruptedException, IOException {
    for (int round = 0; round < MOST_SETTLING_ROUNDS; round++) {
      SubjectMain.Stats before = subject.stats();
      load.closed(bodies, 16, SETTLING_SECONDS);
      SubjectMain.Stats after = subject.stats();
      double share =
          (double) (after.compilerNanos() - before.compilerNanos())
              / (after.cpuNanos() - before.cpuNanos());
      figures.say("settling: compilers take %.1f %% of the processor time", 100 * share);
      if (share < SETTLED_SHARE) {
        return;
      }
    }
  }

  private void allocation(Contender inspect) throws InterruptedException, IOException {
    SocketLoad load = new SocketLoad(inspect.subject().socket(), Contenders.CONF);
    // Nothing new in it: what a request costs that was seen before.
    byte[] warm = texts.ongoing(8 << 10).get();
    load.closed(() -> warm, 4, 1);
    long before = inspect.subject().stats().allocatedBytes();
    Outcome seen = load.closed(() -> warm, 4, plan.seconds());
    double each =
        (double) (inspect.subject().stats().allocatedBytes() - before) / seen.nanos().length;
    figures.json().put("allocated_bytes_per_warm_call", Math.round(each));
    figures.judge("8 KB warm: bytes allocated a request", each, "< 60,000", each < 60_000);
    Supplier<byte[]> fresh = texts.ongoing(8 << 10);
    before = inspect.subject().stats().allocatedBytes();
    seen = load.closed(fresh, 4, plan.seconds());
    each = (double) (inspect.subject().stats().allocatedBytes() - before) / seen.nanos().length;
    figures.json().put("allocated_bytes_per_call_20_percent_new", Math.round(each));
  }
}
