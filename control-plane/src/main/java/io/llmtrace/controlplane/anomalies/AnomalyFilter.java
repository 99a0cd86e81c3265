package io.llmtrace.controlplane.anomalies;

import io.llmtrace.controlplane.access.Caller;
import io.llmtrace.controlplane.access.Permission;
import io.llmtrace.controlplane.exchanges.ExchangeFilter;
import io.llmtrace.controlplane.findings.FindingState;
import io.llmtrace.controlplane.query.Conditions;
import io.llmtrace.controlplane.query.Parameters;
import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.detect.Severity;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Which anomalies somebody wants, of those of their tenants. Stateless. */
final class AnomalyFilter {
  /** Names of the parameters. */
  static final List<String> NAMES =
      List.of(
          "tenant",
          "type",
          "severity",
          "dimension",
          "measure",
          "agent",
          "provider",
          "model",
          "state",
          "running",
          "since",
          "until");

  private static final List<String> EQUALS = List.of("tenant", "dimension", "measure");

  private AnomalyFilter() {}

  /**
   * Conditions on the columns of {@code anomalies}.
   *
   * @throws jakarta.ws.rs.WebApplicationException 400 for a wrong parameter
   */
  static Conditions conditions(Caller caller, Permission permission, Parameters parameters) {
    Conditions conditions = Conditions.of(caller, permission, "tenant");
    parameters.word("dimension", List.of("tenant", "agent", "model"));
    for (String column : EQUALS) {
      conditions.when(column + " = :" + column, column, parameters.text(column));
    }
    FindingType type = parameters.choice("type", FindingType.class);
    Severity severity = parameters.choice("severity", Severity.class);
    FindingState state = parameters.choice("state", FindingState.class);
    Boolean running = parameters.yesOrNo("running");
    if (running != null) {
      conditions.and(running ? "ended_at IS NULL" : "ended_at IS NOT NULL");
    }
    return conditions
        .when("type = :type", "type", type == null ? null : type.label())
        .when(
            "severity = ANY(:severities)",
            "severities",
            severity == null ? null : ExchangeFilter.atLeast(severity))
        .when("state = :state", "state", state == null ? null : state.label())
        .when("dimension = 'agent' AND key = :agent", "agent", parameters.text("agent"))
        .when("dimension = 'model' AND key = :provider", "provider", parameters.text("provider"))
        .when("dimension = 'model' AND key2 = :model", "model", parameters.text("model"))
        .when("started_at >= :since", "since", time(parameters.time("since")))
        .when("started_at < :until", "until", time(parameters.time("until")));
  }

  private static @Nullable Object time(@Nullable Instant moment) {
    return moment == null ? null : moment.atOffset(ZoneOffset.UTC);
  }
}
