package io.llmtrace.policies.detect.classify;

import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.detect.SegmentReading;
import io.llmtrace.policies.detect.classify.CombinationModel.Stages;
import io.llmtrace.policies.detect.signatures.SignatureDetector;
import io.llmtrace.policies.detect.signatures.SignaturePack;
import io.llmtrace.policies.detect.text.Normaliser;
import io.llmtrace.policies.exchange.Segment;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Runs the stages over rows of the corpus. */
final class StageScores {
  static final InspectionBudget UNLIMITED = InspectionBudget.until(Long.MAX_VALUE / 2, () -> 0);

  private final SignatureDetector signatures = new SignatureDetector(SignaturePack.builtIn());

  /** A row and what the stages without the neural one said of it. */
  record Row(TrainingRow row, Stages stages) {}

  Row of(TrainingRow row, NgramClassifier ngram) {
    SegmentReading reading =
        Normaliser.read(new Segment(row.zone(), "", "", row.text()), UNLIMITED);
    List<Finding> findings = new ArrayList<>();
    signatures.detect(reading, UNLIMITED, findings::add);
    Score score = ngram.score(reading, UNLIMITED);
    return new Row(row, new Stages(reading, score, findings, Optional.empty()));
  }

  List<Row> of(List<TrainingRow> rows, NgramClassifier ngram) {
    List<Row> scored = new ArrayList<>();
    for (TrainingRow row : rows) {
      scored.add(of(row, ngram));
    }
    return scored;
  }

  static Stages with(Stages stages, Score neural) {
    return new Stages(stages.reading(), stages.ngram(), stages.rules(), Optional.of(neural));
  }
}
