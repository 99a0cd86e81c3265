package io.llmtrace.policies.detect.engine;

import io.llmtrace.policies.detect.InspectionBudget;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.List;

/**
 * A budget of processor time of the thread that makes it, which keeps how long the thread worked
 * between two questions at most. To be used by that thread alone.
 */
final class AskedBudget {
  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

  /** Shorter gaps are not worth a look at the stack. */
  private static final long WORTH_A_PLACE_NANOS = 1_000_000;

  private static final StackWalker WALKER = StackWalker.getInstance();

  private final long deadline;
  private final InspectionBudget budget;
  private long last;
  private long longest;
  private long asks;
  private long longestAfter;
  private long lookAt = -1;
  private String lookedPlace = "";
  private String longestPlace = "";
  private String lastPlace = "";

  private AskedBudget(long nanos) {
    last = THREADS.getCurrentThreadCpuTime();
    deadline = last + nanos;
    budget = InspectionBudget.until(deadline, this::ask);
  }

  static AskedBudget ofNanos(long nanos) {
    return new AskedBudget(nanos);
  }

  static AskedBudget ofMillis(long millis) {
    return new AskedBudget(millis * 1_000_000);
  }

  InspectionBudget budget() {
    return budget;
  }

  private long ask() {
    long now = THREADS.getCurrentThreadCpuTime();
    gap(now);
    asks++;
    if (lastPlace.isEmpty() && now - deadline >= 0) {
      lastPlace = place();
    }
    if (asks == lookAt) {
      lookedPlace = place();
    }
    last = THREADS.getCurrentThreadCpuTime();
    return now;
  }

  private void gap(long now) {
    if (now - last > longest) {
      longest = now - last;
      longestAfter = asks;
      if (longest > WORTH_A_PLACE_NANOS) {
        longestPlace = place();
      }
    }
  }

  /** The inspection is over: what was done since the last question counts as well. */
  void end() {
    gap(THREADS.getCurrentThreadCpuTime());
  }

  double longestMillis() {
    return longest / 1e6;
  }

  /** Who asked at the end of the longest gap. */
  String longestPlace() {
    return longestPlace;
  }

  /** Number of the question before the longest gap. */
  long longestAfter() {
    return longestAfter;
  }

  /** Keeps who asks question {@code number}. */
  AskedBudget lookingAt(long number) {
    lookAt = number;
    return this;
  }

  /** Who asked the question that was looked at. */
  String lookedPlace() {
    return lookedPlace;
  }

  /** Who was the first to hear that the budget is spent; empty if nobody did. */
  String lastPlace() {
    return lastPlace;
  }

  long asks() {
    return asks;
  }

  /** How long ago the budget ended, in milliseconds; negative if it has not. */
  double overMillis() {
    return (THREADS.getCurrentThreadCpuTime() - deadline) / 1e6;
  }

  private static String place() {
    List<String> frames =
        WALKER.walk(
            stack ->
                stack
                    .filter(f -> !f.getClassName().endsWith("AskedBudget"))
                    .filter(f -> !f.getClassName().endsWith("InspectionBudget"))
                    .limit(3)
                    .map(
                        f ->
                            f.getClassName().substring(f.getClassName().lastIndexOf('.') + 1)
                                + '.'
                                + f.getMethodName()
                                + ':'
                                + f.getLineNumber())
                    .toList());
    return String.join(" < ", frames);
  }
}
