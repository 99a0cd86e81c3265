package io.llmtrace.policies.detect.classify;

import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.detect.SegmentReading;
import io.llmtrace.policies.exchange.Segment;
import io.llmtrace.policies.exchange.Zone;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;

/** Prints what the classifiers take on one core: {@code ClassifierTiming}. */
final class ClassifierTiming {
  private static final String PROSE =
      "The quarterly report lists the orders that were shipped late, and says which warehouse each"
          + " of them left. Please add the missing invoice numbers before Friday; the auditors will"
          + " ask for them. If a customer has cancelled, mark the row and leave the amount as it"
          + " is. Thank you for taking care of this while Maria is away. ";

  private ClassifierTiming() {}

  public static void main(String[] arguments) throws ModelException {
    PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    InspectionBudget budget = InspectionBudget.until(Long.MAX_VALUE / 2, () -> 0);
    NgramClassifier ngram = NgramClassifier.builtIn();
    StringBuilder text = new StringBuilder();
    for (int i = 0; text.length() < 4096; i++) {
      text.append(PROSE.replace("Maria", "colleague " + i)).append(i % 3 == 2 ? "\n" : "");
    }
    text.setLength(4096);
    SegmentReading reading =
        SegmentReading.asItStands(new Segment(Zone.DOCUMENT, "", "", text.toString()));
    times(out, "n-gram, 4 KB", 20000, () -> ngram.score(reading, budget));
    Score nominee = ngram.score(reading, budget);
    try (OnnxTextClassifier guard = GuardModel.load(1)) {
      times(out, "guard-minilm, one window", 200, () -> guard.score(reading, nominee, budget));
    }
  }

  private static void times(PrintStream out, String name, int rounds, Runnable work) {
    long[] took = new long[rounds];
    for (int i = 0; i < rounds; i++) {
      long start = System.nanoTime();
      work.run();
      took[i] = System.nanoTime() - start;
    }
    long[] warm = Arrays.copyOfRange(took, rounds / 2, rounds);
    Arrays.sort(warm);
    out.printf(
        Locale.ROOT,
        "%s: p10 %.1f us, p50 %.1f us, p99 %.1f us%n",
        name,
        warm[warm.length / 10] / 1e3,
        warm[warm.length / 2] / 1e3,
        warm[warm.length * 99 / 100] / 1e3);
  }
}
