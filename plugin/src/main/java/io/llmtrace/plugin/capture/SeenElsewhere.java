package io.llmtrace.plugin.capture;

import io.llmtrace.policies.detect.Finding;
import java.util.List;

/**
 * What an inspection has come to, as far as a redaction cannot find it out by itself.
 *
 * @param findings all of them
 * @param missingStages stages that did not run or did not finish
 * @param begun whether the inspection has begun; models that were not asked are not among the
 *     missing where it has not
 */
public record SeenElsewhere(List<Finding> findings, List<String> missingStages, boolean begun) {
  public SeenElsewhere {
    findings = List.copyOf(findings);
    missingStages = List.copyOf(missingStages);
  }
}
