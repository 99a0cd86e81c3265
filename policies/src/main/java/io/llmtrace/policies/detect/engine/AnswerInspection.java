package io.llmtrace.policies.detect.engine;

import io.llmtrace.policies.detect.Coverage;
import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.detect.Receipt;
import io.llmtrace.policies.detect.RefusedBy;
import io.llmtrace.policies.detect.output.Refusal;
import io.llmtrace.policies.exchange.Answer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What an inspection of an answer has come to.
 *
 * @param findings what was seen, masked
 * @param receipt what was looked at; {@code truncated} where the log held only a part of the answer
 * @param refusal who refused, or null where nobody did
 */
public record AnswerInspection(
    List<Finding> findings, Receipt receipt, @Nullable RefusedBy refusal) {
  private static final String PARTS_WITHOUT_TEXT = "parts_without_text";

  public AnswerInspection {
    findings = List.copyOf(findings);
  }

  /** Nothing of the answer was looked at, for this reason. */
  public static AnswerInspection uninspected(String reason, long bytes) {
    return new AnswerInspection(List.of(), Receipt.uninspected(reason, bytes), null);
  }

  /**
   * What is known at a moment of an inspection.
   *
   * @param bytes length of the answer's body
   * @param cut why it has not read everything, where it has not
   */
  public static AnswerInspection of(
      Answer answer, long bytes, InspectionProgress.Snapshot seen, String cut) {
    Coverage coverage = seen.coverage();
    String reason = cut;
    if (coverage == Coverage.INSPECTED) {
      reason =
          answer.truncated()
              ? "truncated"
              : answer.uninspectedParts() > 0 ? PARTS_WITHOUT_TEXT : "";
      coverage = reason.isEmpty() ? Coverage.INSPECTED : Coverage.PARTIAL;
    }
    return new AnswerInspection(
        seen.findings(),
        new Receipt(
            coverage,
            reason,
            answer.segments().size(),
            seen.segmentsInspected(),
            bytes,
            seen.missingStages(),
            coverage == Coverage.PARTIAL
                ? Receipt.pointers(answer.segments(), seen.unread())
                : List.of()),
        refusal(answer));
  }

  private static @Nullable RefusedBy refusal(Answer answer) {
    return switch (Refusal.of(answer)) {
      case NONE -> null;
      case BY_PROVIDER -> RefusedBy.PROVIDER;
      case BY_MODEL -> RefusedBy.MODEL;
    };
  }
}
