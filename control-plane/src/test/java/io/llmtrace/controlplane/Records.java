package io.llmtrace.controlplane;

import io.llmtrace.policies.detect.Coverage;
import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.detect.Receipt;
import io.llmtrace.policies.detect.Severity;
import io.llmtrace.policies.exchange.Dialect;
import io.llmtrace.policies.exchange.Usage;
import io.llmtrace.policies.exchange.Zone;
import io.llmtrace.policies.policy.Action;
import io.llmtrace.policies.policy.Decision;
import io.llmtrace.policies.policy.Mode;
import io.llmtrace.policies.usage.UsageSource;
import io.llmtrace.policies.wire.CompletionRecord;
import io.llmtrace.policies.wire.InspectionRecord;
import java.math.BigDecimal;
import java.util.List;
import java.util.Map;

/** Records as plugins send them. */
public final class Records {
  private Records() {}

  /** Whose an exchange is. */
  public record Who(
      String tenant, String route, String consumer, String agent, String provider, String model) {
    public static Who tenant(String tenant) {
      return new Who(tenant, "chat", "", "", "openai", "gpt-4o");
    }

    public Who withRoute(String changed) {
      return new Who(tenant, changed, consumer, agent, provider, model);
    }
  }

  public static Finding finding(FindingType type, Severity severity) {
    return new Finding(type, severity, 0.9, Zone.USER, "/m", 0, 3, "signatures", "pi-001", "***");
  }

  public static InspectionRecord inspection(
      String id, Who who, Action action, Coverage coverage, List<Finding> findings) {
    return new InspectionRecord(
        id,
        1_772_409_599_000L,
        "0af7651916cd43dd8448eb211c80319c",
        who.tenant(),
        who.route(),
        who.consumer(),
        "POST",
        "/v1/chat/completions",
        Dialect.OPENAI_CHAT,
        who.provider(),
        who.model(),
        false,
        new Decision(action, action, Mode.ENFORCE, "p", "r", 0, null),
        findings,
        new Receipt(coverage, coverage == Coverage.INSPECTED ? "" : "budget", 1, 1, 10, List.of()),
        Map.of("total", 900L),
        true,
        who.agent(),
        0,
        "");
  }

  public static InspectionRecord inspection(String id, Who who) {
    return inspection(id, who, Action.ALLOW, Coverage.INSPECTED, List.of());
  }

  public static CompletionRecord completion(String id) {
    return completion(id, 200, 120, new BigDecimal("0.25"), List.of());
  }

  public static CompletionRecord completion(
      String id, int status, double latencyMs, BigDecimal cost, List<Finding> findings) {
    return new CompletionRecord(
        id,
        1_772_409_600_000L,
        status,
        latencyMs,
        100.0,
        "gpt-4o",
        new Usage(30, 4, 2, 0, 1),
        "stop",
        null,
        false,
        findings,
        null,
        null,
        UsageSource.REPORTED,
        null,
        cost,
        null);
  }
}
