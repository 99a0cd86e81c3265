package io.llmtrace.policies.detect.action;

import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.detect.Severity;

/**
 * Something in an argument that would do harm.
 *
 * @param rule for example {@code shell-reverse}
 * @param start first character in the text that was read
 * @param end character after the last one
 */
record Danger(
    FindingType type, String rule, Severity severity, double confidence, int start, int end) {

  static Danger shell(String rule, Severity severity, double confidence, int start, int end) {
    return new Danger(FindingType.SHELL_INJECTION, rule, severity, confidence, start, end);
  }

  static Danger sql(String rule, Severity severity, double confidence, int start, int end) {
    return new Danger(FindingType.SQL_INJECTION, rule, severity, confidence, start, end);
  }

  static Danger ssrf(String rule, Severity severity, double confidence, int start, int end) {
    return new Danger(FindingType.SSRF_ATTEMPT, rule, severity, confidence, start, end);
  }

  static Danger path(String rule, Severity severity, double confidence, int start, int end) {
    return new Danger(FindingType.PATH_TRAVERSAL, rule, severity, confidence, start, end);
  }

  static Danger leak(String rule, Severity severity, double confidence, int start, int end) {
    return new Danger(FindingType.DATA_EXFILTRATION, rule, severity, confidence, start, end);
  }

  Danger shifted(int by) {
    return new Danger(type, rule, severity, confidence, start + by, end + by);
  }

  Danger at(int newStart, int newEnd) {
    return new Danger(type, rule, severity, confidence, newStart, newEnd);
  }
}
