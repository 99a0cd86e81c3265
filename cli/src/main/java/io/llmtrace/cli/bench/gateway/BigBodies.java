package io.llmtrace.cli.bench.gateway;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmtrace.cli.measure.Rounded;
import io.llmtrace.policies.json.WireJson;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** Bodies of 1 and of 15 MiB, alone and 64 at once, in a process whose memory is bounded. */
final class BigBodies {
  private static final int MEBIBYTE = 1 << 20;
  private static final int AT_ONCE = 64;
  private static final int BUDGET_MS = 150;
  private static final int MOST_MEBIBYTES = 768;

  /** 640 + 128 MiB: past them the process would end with an error. */
  private static final List<String> BOUNDED =
      List.of("-Xmx640m", "-XX:MaxDirectMemorySize=96m", "-Dio.netty.maxDirectMemory=33554432");

  private static final String EXCHANGES = "llmtrace_plugin_exchanges_total";
  private static final String DECIDED = "llmtrace_plugin_inspection_seconds_max";

  private BigBodies() {}

  static void measure(Path directory, int upstream, String conf, Notes notes)
      throws IOException, InterruptedException {
    try (Subject subject = Subject.ours("bounded", "inspect", directory, upstream, "", BOUNDED)) {
      SocketLoad load = new SocketLoad(subject.socket(), conf);
      Conversation warm = new Conversation(8 << 10, 0.2, 5);
      load.closed(warm::next, 4, 3);
      ObjectNode detail = WireJson.mapper().createObjectNode();
      for (int mebibytes : new int[] {1, 15}) {
        double partial = outcomes(subject, "partial");
        double unread = outcomes(subject, "uninspected");
        Outcome one = null;
        double worst = 0;
        for (int i = 0; i < 5; i++) {
          one = load.once(new Conversation(mebibytes * MEBIBYTE, 1, 31 + i).next(), 1);
          worst = Math.max(worst, one.percentile(1));
        }
        // Until the plugin had decided, from the last byte of the body. The client also waits for
        // the bytes to get there, whatever is done with them.
        double decided = Page.sum(subject.localPort(), DECIDED, "stage=\"total\"") * 1e3;
        detail
            .putObject("body_" + mebibytes + "_mib")
            .put("decided_ms", Rounded.thousandths(decided))
            .put("worst_ms", Rounded.thousandths(worst))
            .put("partial", Math.round(outcomes(subject, "partial") - partial))
            .put("uninspected", Math.round(outcomes(subject, "uninspected") - unread))
            .put("of", 5);
        notes.note(
            new Notes.Judgement(
                mebibytes + " MiB body: the slowest of five, ms from its last byte",
                decided,
                "≤ 170",
                decided > 0 && decided <= BUDGET_MS + 20),
            null);
      }
      double refused = Page.sum(subject.localPort(), EXCHANGES, "reason=\"memory\"");
      Outcome all = load.once(new Conversation(15 * MEBIBYTE, 1, 77).next(), AT_ONCE);
      SubjectMain.Stats stats = subject.stats();
      double peak = (stats.heapPeakBytes() + stats.directBytes()) / (double) MEBIBYTE;
      detail
          .putObject("at_once_64")
          .put("answered", all.nanos().length)
          .put("errors", all.errors(200))
          .put("slowest_ms", Rounded.thousandths(all.percentile(1)))
          .put(
              "uninspected_memory",
              Math.round(Page.sum(subject.localPort(), EXCHANGES, "reason=\"memory\"") - refused))
          .put("heap_peak_bytes", stats.heapPeakBytes())
          .put("direct_bytes", stats.directBytes());
      boolean good =
          all.errors(200) == 0
              && all.nanos().length == AT_ONCE
              && subject.alive()
              && peak < MOST_MEBIBYTES;
      notes.note(
          new Notes.Judgement(
              "64 bodies of 15 MiB at once: peak of heap and direct memory, MiB",
              peak,
              "< 768",
              good),
          detail);
    }
  }

  private static double outcomes(Subject subject, String outcome)
      throws IOException, InterruptedException {
    return Page.sum(subject.localPort(), EXCHANGES, "outcome=\"" + outcome + "\"");
  }
}
