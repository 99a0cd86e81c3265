package io.llmtrace.controlplane.feedback;

import com.google.re2j.Pattern;
import io.llmtrace.policies.detect.signatures.PackException;
import io.llmtrace.policies.detect.signatures.SignaturePack;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.snakeyaml.engine.v2.api.Dump;
import org.snakeyaml.engine.v2.api.DumpSettings;
import org.snakeyaml.engine.v2.common.FlowStyle;

/**
 * Feedback as YAML of a signature pack. What was missed is a whole pack with one rule that finds
 * the text; what was wrongly found is a case that goes under the rule that found it. Stateless.
 */
final class PackCase {
  private static final double CONFIDENCE = 0.8;

  /** What a rule must leave alone; a text that is part of one makes a rule that finds too much. */
  private static final List<String> HARMLESS =
      List.of("What is the capital of France?", "Please shorten this paragraph for our customers.");

  private PackCase() {}

  /** The YAML of feedback of the kind {@code pack_case}. */
  static String yaml(Feedback feedback) {
    Map<String, Object> rule = new LinkedHashMap<>();
    String text = feedback.text() == null ? feedback.evidence() : feedback.text();
    if (feedback.verdict().equals(Feedback.FALSE_POSITIVE)) {
      rule.put("id", feedback.rule());
      rule.put("does_not_match", List.of(text));
    } else {
      rule.put("id", "feedback-" + feedback.id().toLowerCase(Locale.ROOT));
      rule.put("type", feedback.type());
      rule.put("zones", List.of(feedback.zone()));
      rule.put("severity", feedback.severity());
      rule.put("confidence", CONFIDENCE);
      rule.put("pattern", pattern(text));
      rule.put(
          "rationale",
          feedback.comment().isBlank()
              ? "Somebody says that this was missed."
              : feedback.comment());
      rule.put("source", "feedback " + feedback.id() + " on " + feedback.findingId());
      rule.put("matches", List.of(text));
      rule.put("does_not_match", HARMLESS);
    }
    String yaml =
        new Dump(
                DumpSettings.builder()
                    .setDefaultFlowStyle(FlowStyle.BLOCK)
                    .setSplitLines(false)
                    .build())
            .dumpToString(Map.of("rules", List.of(rule)));
    return feedback.verdict().equals(Feedback.FALSE_POSITIVE)
        ? "# A case of a rule that is there: add it under the rule's own does_not_match.\n" + yaml
        : yaml;
  }

  /** What is wrong with the pack of something that was missed, if anything is. */
  static Optional<String> problem(Feedback feedback) {
    try {
      SignaturePack unused = SignaturePack.parse("feedback", yaml(feedback));
      return Optional.empty();
    } catch (PackException e) {
      return Optional.of(
          e.places().stream().map(PackException.Problem::what).collect(Collectors.joining("; ")));
    }
  }

  /** The words of a text as they stand, whatever their case and the space between them. */
  private static String pattern(String text) {
    return java.util.Arrays.stream(text.strip().split("\\s+"))
        .map(Pattern::quote)
        .collect(Collectors.joining("\\s{1,4}", "(?i)", ""));
  }
}
