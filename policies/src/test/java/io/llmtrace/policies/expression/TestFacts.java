package io.llmtrace.policies.expression;

import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.detect.Severity;
import io.llmtrace.policies.exchange.Zone;
import java.time.Instant;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Facts that are written down. */
record TestFacts(
    String tenant,
    String consumer,
    String agent,
    String route,
    String provider,
    String model,
    String dialect,
    String method,
    String path,
    boolean stream,
    List<String> tools,
    Map<String, String> headers,
    Set<Zone> zones,
    int segments,
    long bytes,
    long maxTokens,
    int uninspectedParts,
    String coverage,
    long at)
    implements Facts {

  /** A request of a chat bot, on a Friday evening in Berlin. */
  static TestFacts chat() {
    return new TestFacts(
        "acme",
        "web-7",
        "",
        "chat",
        "openai",
        "gpt-4o-mini",
        "openai_chat",
        "POST",
        "/v1/chat/completions",
        true,
        List.of("search", "weather", "admin_reset"),
        Map.of("x-app", "web", "x-priority", "7", "x-word", "größe", "accept", "*/*"),
        EnumSet.of(Zone.SYSTEM, Zone.USER),
        3,
        2_048,
        -1,
        0,
        "inspected",
        Instant.parse("2026-11-27T18:30:15.250Z").toEpochMilli());
  }

  /** Two attacks and a leak. */
  static List<Finding> findings() {
    return List.of(
        finding(FindingType.PROMPT_INJECTION, Severity.HIGH, 0.95, Zone.USER, "pi-001"),
        finding(FindingType.JAILBREAK, Severity.CRITICAL, 0.61, Zone.USER, "jb-002"),
        finding(FindingType.PII_DETECTED, Severity.LOW, 1.0, Zone.SYSTEM, "email"));
  }

  static Finding finding(
      FindingType type, Severity severity, double confidence, Zone zone, String rule) {
    return new Finding(
        type, severity, confidence, zone, "/messages/0/content", 0, 5, "signatures", rule, "***");
  }
}
