package io.llmtrace.policies.detect.engine;

import io.llmtrace.policies.detect.Detector;
import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.detect.SegmentReading;
import io.llmtrace.policies.detect.output.AnswerContext;
import io.llmtrace.policies.detect.output.AnswerDetector;
import io.llmtrace.policies.detect.output.AnswerReading;
import io.llmtrace.policies.detect.text.Normaliser;
import io.llmtrace.policies.exchange.Answer;
import io.llmtrace.policies.exchange.Segment;
import io.llmtrace.policies.exchange.Zone;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Runs the stages that read answers. Immutable.
 *
 * <p>The detectors of whole answers come before those of single texts: what only they can see (a
 * leaked prompt, data in an address) must have been looked for when a long answer eats the budget.
 * The forms of the texts may take half of it: an answer that is all disguise is read as it stands.
 */
record AnswerCascade(List<Detector> ofSegments, List<AnswerDetector> ofAnswers, OwnModels models) {
  /** The zones of what a model says. */
  private static final Set<Zone> SAID = Set.of(Zone.ASSISTANT, Zone.TOOL_CALL);

  AnswerCascade {
    ofSegments = List.copyOf(ofSegments);
    ofAnswers = List.copyOf(ofAnswers);
  }

  static AnswerCascade of(AnswerStages stages, List<Detector> own, OwnModels models) {
    return new AnswerCascade(
        Stream.concat(
                own.stream().filter(detector -> stages.shared().contains(detector.name())),
                stages.ofSegments().stream())
            .toList(),
        stages.ofAnswers(),
        models);
  }

  /** What comes with an answer and was not said by the model: results of tools, MCP messages. */
  static List<Segment> brought(Answer answer) {
    return answer.segments().stream().filter(s -> !SAID.contains(s.zone())).toList();
  }

  List<String> stages() {
    List<String> names = new ArrayList<>(List.of(DetectionEngine.NORMALISE));
    ofAnswers.forEach(detector -> names.add(detector.name()));
    ofSegments.forEach(detector -> names.add(detector.name()));
    names.addAll(models.ids(SAID));
    return names;
  }

  void read(
      Answer answer, AnswerContext context, InspectionBudget budget, InspectionProgress progress) {
    new Run(answer, context, budget, progress).all();
  }

  /** One inspection. */
  private final class Run {
    private final Answer answer;
    private final AnswerContext context;
    private final InspectionBudget budget;
    private final InspectionBudget normalising;
    private final InspectionProgress progress;
    private final Set<String> unfinished = new LinkedHashSet<>();
    private final Set<String> absent = new LinkedHashSet<>();
    private @Nullable Throwable thrown;

    Run(
        Answer answer,
        AnswerContext context,
        InspectionBudget budget,
        InspectionProgress progress) {
      this.answer = answer;
      this.context = context;
      this.budget = budget;
      this.normalising = budget.share(0.5);
      this.progress = progress;
    }

    void all() {
      List<Segment> segments = answer.segments();
      progress.begin(segments.size(), stages());
      List<SegmentReading> readings = new ArrayList<>();
      for (Segment segment : segments) {
        readings.add(normalised(segment));
      }
      AnswerReading reading = new AnswerReading(answer, readings, context);
      for (AnswerDetector detector : ofAnswers) {
        stage(detector.name(), () -> detector.detect(reading, budget, progress::foundInExchange));
      }
      for (int i = 0; i < readings.size(); i++) {
        if (!SAID.contains(segments.get(i).zone())) {
          // What others sent is read as in a request, see DetectionEngine.
          progress.segmentRead(i);
          continue;
        }
        int number = i;
        boolean whole = readings.get(i).complete();
        for (Detector detector : ofSegments) {
          whole &=
              stage(
                  detector.name(),
                  () ->
                      detector.detect(
                          readings.get(number),
                          budget,
                          finding -> progress.found(number, finding)));
        }
        whole &= models(number, readings.get(number));
        if (whole) {
          progress.segmentRead(number);
        }
      }
      progress.end(unfinished, absent);
      if (thrown instanceof RuntimeException failure) {
        throw failure;
      } else if (thrown instanceof Error failure) {
        throw failure;
      }
    }

    /** Asks the models that somebody brought; whether they came to their end. */
    private boolean models(int number, SegmentReading reading) {
      OwnModels.Said said = models.ask(reading, context.sources(), budget);
      said.findings().forEach(finding -> progress.found(number, finding));
      said.micros().forEach(progress::stage);
      unfinished.addAll(said.unfinished());
      absent.addAll(said.silent());
      return said.unfinished().isEmpty();
    }

    private SegmentReading normalised(Segment segment) {
      SegmentReading[] made = {SegmentReading.asItStands(segment)};
      boolean whole =
          stage(DetectionEngine.NORMALISE, () -> made[0] = Normaliser.read(segment, normalising));
      if (!made[0].complete()) {
        unfinished.add(DetectionEngine.NORMALISE);
      }
      return whole ? made[0] : new SegmentReading(segment, made[0].views(), false);
    }

    /** Runs a stage; whether it came to its end. */
    private boolean stage(String name, Runnable work) {
      if (budget.spent()) {
        unfinished.add(name);
        return false;
      }
      long start = System.nanoTime();
      int leftOut = budget.leftOut();
      try {
        work.run();
      } catch (RuntimeException | StackOverflowError | LinkageError e) {
        unfinished.add(name);
        keep(e);
        return false;
      } finally {
        progress.stageSince(name, start);
      }
      if (budget.spent()) {
        unfinished.add(name);
        return false;
      }
      progress.stageRead();
      if (budget.leftOut() != leftOut) {
        unfinished.add(name);
        return false;
      }
      return true;
    }

    /** For the caller, after the other stages have read. */
    private void keep(Throwable failure) {
      Throwable first = thrown;
      if (first == null) {
        thrown = failure;
      } else if (first != failure) {
        first.addSuppressed(failure);
      }
    }
  }
}
