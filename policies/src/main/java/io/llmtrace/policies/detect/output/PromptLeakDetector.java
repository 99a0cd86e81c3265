package io.llmtrace.policies.detect.output;

import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.detect.SegmentReading;
import io.llmtrace.policies.detect.Severity;
import io.llmtrace.policies.detect.TextView;
import io.llmtrace.policies.detect.parse.Words;
import java.util.BitSet;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Finds the exchange's own system prompt in the answer: by how much of it is repeated, and by the
 * longest piece that is repeated without a break. Every form of the answer is read, so a prompt
 * that was asked for in base64 is found as well; one that was translated is not. Thread-safe.
 *
 * <p>The thresholds were set by hand: a piece of fifteen words of an instruction is three lines of
 * speech and no turn of phrase, and half of a prompt is most of what is in it.
 */
final class PromptLeakDetector implements AnswerDetector {
  /** The stage's name. */
  static final String NAME = "prompt_leak";

  private static final int MOST_WORDS = 400_000;

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public void detect(AnswerReading reading, InspectionBudget budget, Consumer<Finding> sink) {
    PromptPrint prompt = reading.context().prompt();
    if (prompt.size() == 0) {
      return;
    }
    for (SegmentReading segment : reading.segments()) {
      for (TextView view : segment.views()) {
        if (budget.spent()) {
          return;
        }
        Leak leak = leak(prompt, view, budget);
        if (leak != null) {
          sink.accept(
              segment.finding(
                  FindingType.SYSTEM_PROMPT_LEAK,
                  leak.severity(),
                  leak.confidence(),
                  view,
                  leak.from(),
                  leak.to(),
                  NAME,
                  view.isOriginal() ? "repeated" : "repeated-encoded",
                  leak.evidence()));
          break;
        }
      }
    }
  }

  private record Leak(Severity severity, double confidence, int from, int to, String evidence) {}

  private static @Nullable Leak leak(PromptPrint prompt, TextView view, InspectionBudget budget) {
    Words words = Words.of(view.text(), MOST_WORDS, budget);
    BitSet hits = new BitSet();
    int run = 0;
    int instructing = 0;
    int longest = 0;
    int longestInstructing = 0;
    int from = -1;
    int to = -1;
    for (int i = 0; i + PromptPrint.LENGTH <= words.size(); i++) {
      if ((i & 4095) == 4095 && budget.spent()) {
        break;
      }
      int index = prompt.find(words.shingle(i, PromptPrint.LENGTH));
      if (index < 0) {
        run = 0;
        instructing = 0;
        continue;
      }
      hits.set(index);
      run++;
      instructing += prompt.isInstruction(index) ? 1 : 0;
      longestInstructing = Math.max(longestInstructing, instructing);
      if (run > longest) {
        longest = run;
        from = words.start(i - run + 1);
        to = words.end(i + PromptPrint.LENGTH - 1);
      }
    }
    return longest == 0 ? null : judge(prompt, hits, longest, longestInstructing, from, to);
  }

  private static @Nullable Leak judge(
      PromptPrint prompt, BitSet hits, int longest, int longestInstructing, int from, int to) {
    int all = hits.cardinality();
    int instructions = (int) hits.stream().filter(prompt::isInstruction).count();
    double share = (double) all / prompt.size();
    double instructionShare = (double) instructions / Math.max(1, prompt.instructionCount());
    int piece = longestInstructing == 0 ? 0 : longestInstructing + PromptPrint.LENGTH - 1;
    int longestPiece = longest + PromptPrint.LENGTH - 1;
    String evidence =
        Math.round(100 * share)
            + "% of the system prompt, longest piece "
            + longestPiece
            + " words";
    if (prompt.words() < 25) {
      return share >= 0.8 && instructions > 0
          ? new Leak(Severity.HIGH, 0.75, from, to, evidence)
          : null;
    }
    if (piece >= 15 || (instructionShare >= 0.5 && instructions >= 12)) {
      return new Leak(Severity.HIGH, 0.9, from, to, evidence);
    }
    if (share >= 0.6 && all >= 20 && instructions >= 5) {
      return new Leak(Severity.HIGH, 0.8, from, to, evidence);
    }
    boolean some = (piece >= 12 && instructionShare >= 0.2) || (share >= 0.5 && longestPiece >= 40);
    return some ? new Leak(Severity.MEDIUM, 0.65, from, to, evidence) : null;
  }
}
