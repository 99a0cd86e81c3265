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
import io.llmtrace.policies.detect.parse.Words;
import io.llmtrace.policies.exchange.Segment;
import io.llmtrace.policies.exchange.Zone;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Finds attacks that are spread over turns: suspicion that rises ("crescendo": Russinovich et al.,
 * 2024), a request that was refused and comes again in other words, and "go on" after an attack.
 * The newest turn has to give a reason itself; what came before only says how much it weighs.
 * Thread-safe.
 */
public final class EscalationDetector implements ExchangeDetector {
  /** The stage's name. */
  public static final String NAME = "escalation";

  private static final int MOST_TURNS = 200;
  private static final int SHORT = 80;

  private static final List<String> GO_ON =
      List.of(
          "continue",
          "go on",
          "go ahead",
          "keep going",
          "next",
          "now step",
          "now do",
          "proceed",
          "more",
          "and then",
          "step 2",
          "part 2",
          "finish it",
          "do it",
          "yes",
          "weiter",
          "mach weiter",
          "continuez",
          "continúa",
          "continua",
          "sigue",
          "продолж",
          "дальше",
          "继续",
          "接着",
          "続け",
          "계속");

  @Override
  public String name() {
    return NAME;
  }

  /** One question of the user, with the answer that it got. */
  private static final class Turn {
    final List<SegmentReading> asked = new ArrayList<>();

    /** As much of what was answered as tells a refusal, or more. */
    String answer = "";

    double suspicion;

    /** All that was asked, a line for each part. */
    String text() {
      StringBuilder joined = new StringBuilder();
      asked.forEach(part -> joined.append(part.segment().text()).append('\n'));
      return joined.toString();
    }

    /**
     * Its first {@link Harm#LONGEST} characters or more: as much as tells harm, without a copy of a
     * long text.
     */
    String beginning() {
      String first = asked.get(0).segment().text();
      if (first.length() >= Harm.LONGEST) {
        return first;
      }
      StringBuilder joined = new StringBuilder(Harm.LONGEST + 1);
      for (SegmentReading part : asked) {
        String text = part.segment().text();
        joined.append(text, 0, Math.min(text.length(), Harm.LONGEST)).append('\n');
        if (joined.length() >= Harm.LONGEST) {
          break;
        }
      }
      return joined.toString();
    }

    boolean wasRefused() {
      return Refusals.isRefusal(answer);
    }
  }

  @Override
  public void detect(ExchangeReading reading, InspectionBudget budget, Consumer<Finding> sink) {
    List<Turn> turns = turns(reading);
    if (turns.size() < 2 || budget.spent()) {
      return;
    }
    Turn newest = turns.get(turns.size() - 1);
    if (!newest.answer.isEmpty()) {
      return;
    }
    List<Turn> before = turns.subList(0, turns.size() - 1);
    if (goesOn(before, newest)) {
      report(newest, Severity.MEDIUM, 0.65, "goes-on", "goes on after an attack", sink);
    }
    int refused = refusedBefore(before, newest, budget);
    if (refused > 0 && newest.suspicion > 0) {
      report(
          newest,
          Severity.HIGH,
          0.75,
          "rephrased",
          "refused " + refused + " times before, and suspicious now",
          sink);
    } else if (refused >= 2) {
      report(
          newest, Severity.MEDIUM, 0.6, "rephrased", "refused " + refused + " times before", sink);
    }
    rising(before, newest, sink);
  }

  private static List<Turn> turns(ExchangeReading reading) {
    Map<String, Double> suspicions = new HashMap<>();
    for (Finding finding : reading.findings()) {
      if (finding.type().group() == FindingType.Group.ATTACK) {
        double suspicion = finding.confidence() * weight(finding.severity());
        suspicions.merge(finding.pointer(), suspicion, Math::max);
      }
    }
    List<Turn> turns = new ArrayList<>();
    boolean answering = true;
    for (SegmentReading part : reading.segments()) {
      Segment segment = part.segment();
      if (segment.zone() == Zone.USER) {
        if (answering) {
          turns.add(new Turn());
        }
        answering = false;
        Turn turn = turns.get(turns.size() - 1);
        turn.asked.add(part);
        turn.suspicion = Math.max(turn.suspicion, suspicions.getOrDefault(segment.pointer(), 0.0));
      } else if (segment.zone() == Zone.ASSISTANT && !turns.isEmpty()) {
        answering = true;
        Turn turn = turns.get(turns.size() - 1);
        if (turn.answer.isEmpty()) {
          turn.answer = segment.text();
        } else if (turn.answer.length() < Refusals.BEGINNING) {
          int most = Math.min(segment.text().length(), Refusals.BEGINNING);
          turn.answer = turn.answer.concat(segment.text().substring(0, most));
        }
      }
    }
    return turns.subList(Math.max(0, turns.size() - MOST_TURNS), turns.size());
  }

  private static double weight(Severity severity) {
    return switch (severity) {
      case INFO -> 0.1;
      case LOW -> 0.3;
      case MEDIUM -> 0.6;
      case HIGH -> 0.8;
      case CRITICAL -> 1;
    };
  }

  private static boolean goesOn(List<Turn> before, Turn newest) {
    Turn last = before.get(before.size() - 1);
    if (last.suspicion < 0.4 || last.wasRefused()) {
      return false;
    }
    String stripped = newest.text().strip();
    String lower = stripped.length() <= SHORT ? Letters.lower(stripped) : "";
    return GO_ON.stream().anyMatch(lower::startsWith);
  }

  /** Turns with most of the words of the newest that were refused. */
  private static int refusedBefore(List<Turn> before, Turn newest, InspectionBudget budget) {
    // Most conversations hold no refusal, and then nobody asks which words they share.
    Set<Long> words = Set.of();
    int refused = 0;
    for (Turn turn : before) {
      if (budget.spent()) {
        break;
      }
      if (turn.wasRefused()) {
        words = words.isEmpty() ? content(newest.text(), budget) : words;
        if (words.size() < 4) {
          break;
        }
        Set<Long> shared = content(turn.text(), budget);
        int size = Math.min(shared.size(), words.size());
        shared.retainAll(words);
        refused += shared.size() >= 3 && shared.size() * 2 >= size ? 1 : 0;
      }
    }
    return refused;
  }

  /** Words of four letters or more: the short ones are in every sentence. */
  private static Set<Long> content(String text, InspectionBudget budget) {
    Words words = Words.of(text, 500, budget);
    Set<Long> content = new HashSet<>();
    for (int i = 0; i < words.size(); i++) {
      boolean alone = words.end(i) - words.start(i) == 1 && text.charAt(words.start(i)) > 0x2E00;
      if (words.end(i) - words.start(i) >= 4 || alone) {
        content.add(words.hash(i));
      }
    }
    return content;
  }

  private static void rising(List<Turn> before, Turn newest, Consumer<Finding> sink) {
    double most = 0;
    int suspicious = 0;
    for (Turn turn : before) {
      most = Math.max(most, turn.suspicion);
      suspicious += turn.suspicion >= 0.15 ? 1 : 0;
    }
    if (suspicious >= 2 && newest.suspicion >= Math.max(0.3, most)) {
      report(
          newest,
          Severity.HIGH,
          0.8,
          "rising",
          "suspicion in " + suspicious + " turns before, and not less now",
          sink);
      return;
    }
    // Asked last: the newest turn rules it out most of the time. No word of a topic holds a line
    // break, so none is in all parts together that is in none of them.
    if (newest.asked.stream().noneMatch(part -> Harm.speaksOfHarm(part.segment().text()))) {
      return;
    }
    String text = newest.beginning();
    if (Harm.asksForHarm(text)
        && Harm.asksForProcedure(text)
        && !Harm.asksForProcedure(before.get(0).beginning())) {
      long topical = before.stream().filter(turn -> Harm.speaksOfHarm(turn.beginning())).count();
      if (topical >= 2) {
        report(
            newest,
            Severity.MEDIUM,
            0.55,
            "closing-in",
            topical + " turns about it, and now how it is done",
            sink);
      }
    }
  }

  private static void report(
      Turn turn,
      Severity severity,
      double confidence,
      String rule,
      String evidence,
      Consumer<Finding> sink) {
    SegmentReading part = turn.asked.get(turn.asked.size() - 1);
    TextView view = part.views().get(0);
    sink.accept(
        part.finding(
            FindingType.MULTI_TURN_ATTACK,
            severity,
            confidence,
            view,
            0,
            view.text().length(),
            NAME,
            rule,
            evidence));
  }
}
