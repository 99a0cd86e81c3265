package io.llmtrace.plugin.answers;

import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.detect.classify.NgramClassifier;
import io.llmtrace.policies.detect.engine.AnswerStages;
import io.llmtrace.policies.detect.engine.DetectionEngine;
import io.llmtrace.policies.detect.engine.EngineOptions;
import io.llmtrace.policies.detect.output.AnswerDetector;
import io.llmtrace.policies.detect.output.AnswerReading;
import io.llmtrace.runtime.config.AnswersConfig;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.Set;
import java.util.function.Consumer;

/** Inspectors of answers for tests: the shipped detectors, and more where a test brings them. */
public final class Inspectors {
  /** Wide, so that a busy machine changes no result. */
  public static final AnswersConfig WIDE =
      new AnswersConfig(true, Duration.ofSeconds(10), Set.of(), null);

  private static final DetectionEngine SHIPPED = engine(AnswerStages.standard());

  private Inspectors() {}

  public static AnswerInspector inspector(
      AnswersConfig config, MeterRegistry meters, AnswerDetector... more) {
    return new AnswerInspector(engine(more), config, meters);
  }

  /** The shipped engine with more detectors of answers. */
  public static DetectionEngine engine(AnswerDetector... more) {
    AnswerStages stages = AnswerStages.standard();
    for (AnswerDetector detector : more) {
      stages = stages.with(detector);
    }
    return more.length == 0 ? SHIPPED : engine(stages);
  }

  private static DetectionEngine engine(AnswerStages stages) {
    return DetectionEngine.builtIn(
        EngineOptions.standard().without(NgramClassifier.NAME).withAnswers(stages));
  }

  /** A detector that does as it is told. */
  public static AnswerDetector detector(String name, Consumer<InspectionBudget> work) {
    return new AnswerDetector() {
      @Override
      public String name() {
        return name;
      }

      @Override
      public void detect(AnswerReading reading, InspectionBudget budget, Consumer<Finding> sink) {
        work.accept(budget);
      }
    };
  }
}
