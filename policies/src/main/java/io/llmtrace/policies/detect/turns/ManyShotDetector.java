package io.llmtrace.policies.detect.turns;

import io.llmtrace.policies.detect.ExchangeDetector;
import io.llmtrace.policies.detect.ExchangeReading;
import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.detect.SegmentReading;
import io.llmtrace.policies.detect.Severity;
import io.llmtrace.policies.detect.TextView;
import io.llmtrace.policies.detect.parse.Letters;
import io.llmtrace.policies.detect.parse.Refusals;
import io.llmtrace.policies.exchange.Segment;
import io.llmtrace.policies.exchange.Zone;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * Finds many-shot attacks (Anil et al., "Many-shot jailbreaking", 2024): a row of made-up questions
 * and answers that show a model doing what it should refuse, in one text or as the history of the
 * conversation. Examples for a task look the same from outside, so what counts is how many of the
 * questions are harmful and are answered all the same. Thread-safe.
 */
public final class ManyShotDetector implements ExchangeDetector {
  /** The stage's name. */
  public static final String NAME = "many_shot";

  private static final int FEWEST_PAIRS = 4;
  private static final int MANY_PAIRS = 8;
  private static final int FEWEST_HARMFUL = 3;
  private static final int FEWEST_CHARACTERS = 120;

  private static final List<String> COMPLIANT =
      List.of(
          "sure",
          "of course",
          "certainly",
          "absolutely",
          "here is",
          "here's",
          "here are",
          "yes",
          "first",
          "step 1",
          "1.",
          "to ",
          "you ",
          "the ",
          "gladly",
          "okay",
          "ok",
          "no problem",
          "natürlich",
          "klar",
          "hier ist",
          "gerne",
          "bien sûr",
          "voici",
          "claro",
          "por supuesto",
          "aquí",
          "конечно",
          "вот",
          "当然",
          "好的",
          "首先",
          "もちろん");

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public void detect(ExchangeReading reading, InspectionBudget budget, Consumer<Finding> sink) {
    for (SegmentReading part : reading.segments()) {
      Zone zone = part.segment().zone();
      boolean outside = zone == Zone.USER || zone == Zone.TOOL_RESULT || zone == Zone.DOCUMENT;
      if (!outside || part.segment().text().length() < FEWEST_CHARACTERS) {
        continue;
      }
      for (TextView view : part.views()) {
        if (budget.spent()) {
          return;
        }
        if (inText(reading, part, view, budget, sink)) {
          break;
        }
      }
    }
    inHistory(reading, budget, sink);
  }

  private static boolean inText(
      ExchangeReading reading,
      SegmentReading part,
      TextView view,
      InspectionBudget budget,
      Consumer<Finding> sink) {
    List<FauxDialogue.Pair> pairs = FauxDialogue.pairs(view.text(), budget);
    if (pairs.size() < FEWEST_PAIRS) {
      return false;
    }
    int harmful = 0;
    for (FauxDialogue.Pair pair : pairs) {
      if (budget.spent()) {
        return false;
      }
      harmful += isHarmful(pair.question(), pair.answer()) ? 1 : 0;
    }
    boolean attack = pairs.size() >= MANY_PAIRS && isAttack(reading, part.segment().pointer());
    Severity severity;
    double confidence;
    if (harmful >= FEWEST_HARMFUL && harmful * 4 >= pairs.size()) {
      severity = pairs.size() >= MANY_PAIRS ? Severity.HIGH : Severity.MEDIUM;
      confidence = pairs.size() >= MANY_PAIRS ? 0.85 : 0.7;
    } else if (attack && harmful > 0) {
      severity = Severity.HIGH;
      confidence = 0.75;
    } else {
      return false;
    }
    int start = pairs.get(0).start();
    sink.accept(
        part.finding(
            FindingType.MANY_SHOT_ATTACK,
            severity,
            confidence,
            view,
            start,
            view.text().length(),
            NAME,
            "in-text",
            pairs.size() + " made-up turns, " + harmful + " of them harmful and answered"));
    return true;
  }

  private static boolean isHarmful(String question, String answer) {
    return Harm.asksForHarm(question) && isCompliant(answer) && !Refusals.isRefusal(answer);
  }

  private static boolean isCompliant(String answer) {
    String head = Letters.lower(answer.substring(0, Math.min(answer.length(), 40))).stripLeading();
    return COMPLIANT.stream().anyMatch(head::startsWith);
  }

  private static boolean isAttack(ExchangeReading reading, String pointer) {
    return reading.findings().stream()
        .anyMatch(
            f ->
                f.pointer().equals(pointer)
                    && f.type().group() == FindingType.Group.ATTACK
                    && f.severity().atLeast(Severity.MEDIUM));
  }

  /** A client may write the history as it likes: nobody has seen those answers being given. */
  private static void inHistory(
      ExchangeReading reading, InspectionBudget budget, Consumer<Finding> sink) {
    List<SegmentReading> turns = new ArrayList<>();
    for (SegmentReading part : reading.segments()) {
      Zone zone = part.segment().zone();
      if (zone == Zone.USER || zone == Zone.ASSISTANT) {
        turns.add(part);
      }
    }
    if (turns.size() < 2 * FEWEST_PAIRS || budget.spent()) {
      return;
    }
    SegmentReading newest = turns.get(turns.size() - 1);
    Segment last = newest.segment();
    if (last.zone() != Zone.USER || !Harm.speaksOfHarm(last.text())) {
      return;
    }
    int pairs = 0;
    int harmful = 0;
    for (int i = 0; i + 1 < turns.size() && !budget.spent(); i++) {
      Segment asked = turns.get(i).segment();
      Segment answered = turns.get(i + 1).segment();
      if (asked.zone() == Zone.USER && answered.zone() == Zone.ASSISTANT) {
        pairs++;
        harmful += isHarmful(asked.text(), answered.text()) ? 1 : 0;
      }
    }
    if (pairs >= FEWEST_PAIRS && harmful >= FEWEST_HARMFUL && harmful * 2 >= pairs) {
      TextView view = newest.views().get(0);
      sink.accept(
          newest.finding(
              FindingType.MANY_SHOT_ATTACK,
              pairs >= MANY_PAIRS ? Severity.HIGH : Severity.MEDIUM,
              0.7,
              view,
              0,
              view.text().length(),
              NAME,
              "in-history",
              pairs + " turns before, " + harmful + " of them harmful and answered"));
    }
  }
}
