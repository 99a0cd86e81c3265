package io.llmtrace.policies.evaluate;

import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.detect.Severity;
import io.llmtrace.policies.exchange.Zone;
import io.llmtrace.policies.expression.Facts;
import io.llmtrace.policies.language.Policy;
import io.llmtrace.policies.language.PolicyProblemsException;
import io.llmtrace.policies.language.PolicyReader;
import io.llmtrace.policies.policy.Mode;
import io.llmtrace.policies.policy.RedactRule;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** An exchange that tests ask policies about. */
record Asked(
    String tenant,
    String consumer,
    String route,
    String model,
    List<String> tools,
    Map<String, String> headers,
    Set<Zone> zones,
    String coverage,
    boolean certain,
    long at)
    implements Facts {
  static final Asked CHAT =
      new Asked(
          "acme",
          "web-1",
          "chat",
          "gpt-4o-mini",
          List.of("search"),
          Map.of("x-app", "web"),
          Set.of(Zone.USER),
          "inspected",
          true,
          java.time.Instant.parse("2026-11-30T12:00:00Z").toEpochMilli());

  static Policy policy(String yaml) {
    try {
      return PolicyReader.read("apiVersion: llmtrace.io/v1\nkind: Policy\n" + yaml);
    } catch (PolicyProblemsException e) {
      throw new IllegalArgumentException(e);
    }
  }

  static Finding finding(FindingType type, Severity severity, double confidence) {
    return finding(type, severity, confidence, "signatures", "x-1");
  }

  static Finding finding(
      FindingType type, Severity severity, double confidence, String detector, String rule) {
    return new Finding(
        type, severity, confidence, Zone.USER, "/messages/0/content", 0, 5, detector, rule, "e");
  }

  static Finding email() {
    return finding(FindingType.PII_DETECTED, Severity.MEDIUM, 0.9, "sensitive", "email");
  }

  static Finding injection(double confidence) {
    return finding(FindingType.PROMPT_INJECTION, Severity.HIGH, confidence);
  }

  Asked with(String newModel, List<String> newTools) {
    return new Asked(
        tenant, consumer, route, newModel, newTools, headers, zones, coverage, certain, at);
  }

  Asked consumer(String value) {
    return new Asked(tenant, value, route, model, tools, headers, zones, coverage, certain, at);
  }

  Asked certain(boolean value) {
    return new Asked(tenant, consumer, route, model, tools, headers, zones, coverage, value, at);
  }

  Asked coverage(String value) {
    return new Asked(
        tenant,
        consumer,
        route,
        model,
        tools,
        headers,
        zones,
        value,
        !value.equals("uninspected"),
        at);
  }

  Asked at(String time) {
    return new Asked(
        tenant,
        consumer,
        route,
        model,
        tools,
        headers,
        zones,
        coverage,
        certain,
        java.time.Instant.parse(time).toEpochMilli());
  }

  Question question(Finding... findings) {
    return new Question(this, List.of(findings), Mode.ENFORCE, RedactRule.NONE, 7, RateGate.OPEN);
  }

  @Override
  public String agent() {
    return "";
  }

  @Override
  public String provider() {
    return "openai";
  }

  @Override
  public String dialect() {
    return "openai_chat";
  }

  @Override
  public String method() {
    return "POST";
  }

  @Override
  public String path() {
    return "/v1/chat/completions";
  }

  @Override
  public boolean stream() {
    return false;
  }

  @Override
  public int segments() {
    return 1;
  }

  @Override
  public long bytes() {
    return 100;
  }

  @Override
  public long maxTokens() {
    return -1;
  }

  @Override
  public int uninspectedParts() {
    return 0;
  }
}
