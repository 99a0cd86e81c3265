package io.llmtrace.controlplane.exchanges;

import io.llmtrace.controlplane.access.Caller;
import io.llmtrace.controlplane.access.Permission;
import io.llmtrace.controlplane.query.Bounds;
import io.llmtrace.controlplane.query.Conditions;
import io.llmtrace.controlplane.query.Order;
import io.llmtrace.controlplane.query.Parameters;
import io.llmtrace.policies.detect.Coverage;
import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.detect.Severity;
import io.llmtrace.policies.policy.Action;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Which exchanges somebody wants, of those of their tenants.
 *
 * @param conditions on the columns of {@link ExchangeRows}
 * @param findings whether exchanges must have certain findings: a condition on {@code f}, or null
 */
public record ExchangeFilter(
    Conditions conditions, @Nullable String findings, Bounds bounds, Order order) {
  /** Names of the parameters. */
  public static final List<String> NAMES =
      List.of(
          "decision_id",
          "tenant",
          "route",
          "consumer",
          "agent",
          "provider",
          "model",
          "conversation",
          "outcome",
          "action",
          "status",
          "state",
          "finding_type",
          "finding_severity",
          "min_cost_usd",
          "min_latency_ms",
          "since",
          "until",
          "order");

  private static final List<String> COLUMNS =
      List.of("tenant", "route", "consumer", "agent", "provider", "model");

  /** As {@code InspectionRecord.outcome()} names them. */
  private static final List<String> OUTCOMES = outcomes();

  private static List<String> outcomes() {
    List<String> outcomes = new ArrayList<>(Parameters.words(Action.class));
    outcomes.addAll(
        List.of(
            Coverage.PARTIAL.name().toLowerCase(java.util.Locale.ROOT),
            Coverage.UNINSPECTED.name().toLowerCase(java.util.Locale.ROOT)));
    return List.copyOf(outcomes);
  }

  /**
   * Reads the parameters.
   *
   * @throws jakarta.ws.rs.WebApplicationException 400 for a wrong one
   */
  public static ExchangeFilter of(Caller caller, Permission permission, Parameters parameters) {
    Conditions conditions = Conditions.of(caller, permission, "e.tenant");
    for (String column : COLUMNS) {
      conditions.when("e." + column + " = :" + column, column, parameters.text(column));
    }
    conditions
        .when(
            "e.conversation = :conversation AND e.conversation <> ''",
            "conversation",
            parameters.matching("conversation", "[0-9a-f]{32}", "32 lower-case hex digits"))
        .when("e.outcome = :outcome", "outcome", parameters.word("outcome", OUTCOMES))
        .when(
            "e.record->'decision'->>'action' = :action",
            "action",
            parameters.word("action", Parameters.words(Action.class)))
        .when(
            "c.cost_usd >= CAST(:min_cost AS double precision)",
            "min_cost",
            parameters.amount("min_cost_usd"))
        .when(
            "c.latency_ms >= CAST(:min_latency AS double precision)",
            "min_latency",
            parameters.amount("min_latency_ms"));
    status(parameters, conditions);
    String state = parameters.word("state", ExchangeRows.STATES);
    conditions.when(ExchangeRows.STATE + " = :state", "state", state);
    Bounds bounds = Bounds.between(parameters.time("since"), parameters.time("until"));
    String id = parameters.ulid("decision_id");
    Order order = parameters.choice("order", Order.class);
    return new ExchangeFilter(
        conditions,
        findings(parameters, conditions),
        id == null ? bounds : bounds.and(Bounds.only(id)),
        order == null ? Order.NEWEST : order);
  }

  private static void status(Parameters parameters, Conditions conditions) {
    String status =
        parameters.matching("status", "[1-5](xx|[0-9][0-9])", "a status such as 429 or 5xx");
    if (status != null) {
      int least = Integer.parseInt(status.replace("xx", "00"));
      conditions
          .and("c.status BETWEEN :status AND :last_status")
          .bind("status", least)
          .bind("last_status", status.endsWith("xx") ? least + 99 : least);
    }
  }

  private static @Nullable String findings(Parameters parameters, Conditions conditions) {
    FindingType type = parameters.choice("finding_type", FindingType.class);
    Severity severity = parameters.choice("finding_severity", Severity.class);
    if (type == null && severity == null) {
      return null;
    }
    StringBuilder findings = new StringBuilder();
    if (type != null) {
      findings.append(" AND f.type = :finding_type");
      conditions.bind("finding_type", type.label());
    }
    if (severity != null) {
      findings.append(" AND f.severity = ANY(:finding_severities)");
      conditions.bind("finding_severities", atLeast(severity));
    }
    return findings.toString();
  }

  /** The labels of severities that are as bad or worse. */
  public static String[] atLeast(Severity severity) {
    return Arrays.stream(Severity.values())
        .filter(each -> each.atLeast(severity))
        .map(Severity::label)
        .toArray(String[]::new);
  }
}
