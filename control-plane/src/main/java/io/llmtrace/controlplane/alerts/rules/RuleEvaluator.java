package io.llmtrace.controlplane.alerts.rules;

import io.llmtrace.controlplane.budgets.BudgetUse;
import io.llmtrace.controlplane.statistics.RecentFold;
import io.llmtrace.controlplane.statistics.RecentRows;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/**
 * Looks at the database for all rules: one statement for each table, however many rules there are.
 * Used by one thread at a time, in the transaction in which what is seen is acted on: what rules
 * know of earlier looks is written in it too.
 */
public final class RuleEvaluator {
  /** Whether an observation has examples of what was found. */
  public enum Evidence {
    NONE,
    MASKED
  }

  /** Sums of budgets are by the hour; to ask for them every tick would be of no use. */
  private static final Duration BUDGETS_EVERY = Duration.ofSeconds(30);

  private static final Duration FORGET_EVERY = Duration.ofMinutes(10);

  /** Older sums may be gone. */
  private static final Duration MOST_UNSEEN = RecentFold.KEPT.minus(RecentFold.LONGEST_WINDOW);

  /** Observations of a look that get samples: each is a statement. */
  private static final int MOST_SAMPLED = 20;

  private final RuleBook book;
  private final Supplier<List<ChannelSeen>> channels;
  private final Evidence evidence;
  private List<BudgetUse> budgets = List.of();
  private @Nullable Instant budgetsAt;
  private @Nullable Instant forgotAt;

  /**
   * @param channels how the delivery goes; asked once a look
   */
  public RuleEvaluator(RuleBook book, Supplier<List<ChannelSeen>> channels, Evidence evidence) {
    this.book = book;
    this.channels = channels;
    this.evidence = evidence;
  }

  /** As below, after a usual pause. */
  List<Observation> look(Handle handle, Instant now) {
    return look(handle, now, Duration.ZERO);
  }

  /**
   * What is seen now: an observation for each rule and group that there is data of.
   *
   * @param handle in a transaction
   * @param unseen time before now in which nobody looked: rules to which one finding is enough look
   *     back that much further, once
   */
  public List<Observation> look(Handle handle, Instant now, Duration unseen) {
    Recent recent = read(handle, now, unseen.compareTo(MOST_UNSEEN) > 0 ? MOST_UNSEEN : unseen);
    List<Recent.Seen> asked = book.asks(recent);
    Map<Recent.Seen, Instant> known = SeenStore.known(handle, asked);
    List<Observation> seen = book.look(recent.withSeen(known));
    SeenStore.note(handle, asked, known, now);
    if (!asked.isEmpty() && due(forgotAt, now, FORGET_EVERY)) {
      SeenStore.forget(handle, now);
      forgotAt = now;
    }
    return evidence == Evidence.NONE ? seen : sampled(handle, seen, now);
  }

  private Recent read(Handle handle, Instant now, Duration unseen) {
    Recent recent = Recent.at(now).withUnseen(unseen);
    recent = recent.withSums(RecentRows.sums(handle, froms(now, Watch.Source.SUMS)));
    List<Long> findings = new ArrayList<>(froms(now, Watch.Source.FINDINGS));
    if (!unseen.isZero()) {
      findings.addAll(froms(now.minus(unseen), Watch.Source.FINDINGS));
    }
    recent = recent.withFindings(RecentRows.findings(handle, findings));
    if (book.looksAt(Watch.Source.NODES)) {
      recent = recent.withNodes(Reads.nodes(handle));
    }
    if (book.looksAt(Watch.Source.BUDGETS)) {
      if (due(budgetsAt, now, BUDGETS_EVERY)) {
        budgets = BudgetUse.all(handle, now);
        budgetsAt = now;
      }
      recent = recent.withBudgets(budgets);
    }
    if (book.looksAt(Watch.Source.ANOMALIES)) {
      recent =
          recent.withAnomalies(
              Reads.anomalies(handle, now, Collections.max(book.windows(Watch.Source.ANOMALIES))));
    }
    if (book.looksAt(Watch.Source.CHANNELS)) {
      recent = recent.withChannels(channels.get());
    }
    return recent;
  }

  /** Where the first buckets of the windows begin. */
  private List<Long> froms(Instant now, Watch.Source source) {
    return book.windows(source).stream().map(window -> Look.from(now, window)).toList();
  }

  private static boolean due(@Nullable Instant last, Instant now, Duration every) {
    return last == null || Duration.between(last, now).compareTo(every) >= 0;
  }

  private List<Observation> sampled(Handle handle, List<Observation> seen, Instant now) {
    List<Observation> sampled = new ArrayList<>();
    int left = MOST_SAMPLED;
    for (Observation each : seen) {
      Duration window = book.findingsOf(each.rule());
      if (each.active() && left > 0 && !window.isZero()) {
        left--;
        sampled.add(each.withSamples(Reads.samples(handle, each.labels(), now.minus(window))));
      } else {
        sampled.add(each);
      }
    }
    return sampled;
  }
}
