package io.llmtrace.controlplane.reports;

import java.util.Arrays;
import java.util.Optional;

/** Frameworks that there is a mapping for. */
enum ReportKind {
  SOC2("soc2"),
  GDPR("gdpr"),
  HIPAA("hipaa"),
  EU_AI_ACT("eu-ai-act"),
  OWASP_LLM_TOP10("owasp-llm-top10");

  private final String label;

  ReportKind(String label) {
    this.label = label;
  }

  /** As paths and files name it. */
  String label() {
    return label;
  }

  static Optional<ReportKind> of(String label) {
    return Arrays.stream(values()).filter(each -> each.label.equals(label)).findFirst();
  }
}
