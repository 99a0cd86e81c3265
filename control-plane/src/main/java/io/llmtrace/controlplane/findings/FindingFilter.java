package io.llmtrace.controlplane.findings;

import io.llmtrace.controlplane.access.Caller;
import io.llmtrace.controlplane.access.Permission;
import io.llmtrace.controlplane.exchanges.ExchangeFilter;
import io.llmtrace.controlplane.query.Bounds;
import io.llmtrace.controlplane.query.Conditions;
import io.llmtrace.controlplane.query.Order;
import io.llmtrace.controlplane.query.Parameters;
import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.detect.Severity;
import io.llmtrace.policies.exchange.Zone;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Which findings somebody wants, of those of their tenants.
 *
 * @param conditions on the columns of {@link FindingRows}
 * @param words that the evidence must hold, as a web search writes them, or null
 */
public record FindingFilter(
    Conditions conditions, @Nullable String words, Bounds bounds, Order order) {
  /** Names of the parameters but for the order. */
  public static final List<String> FILTERS =
      List.of(
          "decision_id",
          "tenant",
          "route",
          "type",
          "severity",
          "state",
          "origin",
          "detector",
          "rule",
          "zone",
          "q",
          "since",
          "until");

  static final List<String> NAMES = Parameters.names(FILTERS, List.of("order"));

  private static final List<String> IN_RECORD = List.of("detector", "rule");

  /**
   * Reads the parameters.
   *
   * @throws jakarta.ws.rs.WebApplicationException 400 for a wrong one
   */
  public static FindingFilter of(Caller caller, Permission permission, Parameters parameters) {
    Conditions conditions = Conditions.of(caller, permission, "f.tenant");
    for (String column : List.of("tenant", "route")) {
      conditions.when("f." + column + " = :" + column, column, parameters.text(column));
    }
    for (String field : IN_RECORD) {
      conditions.when("f.record->>'" + field + "' = :" + field, field, parameters.text(field));
    }
    FindingType type = parameters.choice("type", FindingType.class);
    Severity severity = parameters.choice("severity", Severity.class);
    FindingState state = parameters.choice("state", FindingState.class);
    conditions
        .when("f.type = :type", "type", type == null ? null : type.label())
        .when(
            "f.severity = ANY(:severities)",
            "severities",
            severity == null ? null : ExchangeFilter.atLeast(severity))
        .when("coalesce(s.state, 'open') = :state", "state", state == null ? null : state.label())
        .when(
            "f.origin = :origin", "origin", parameters.word("origin", List.of("request", "answer")))
        .when(
            "f.record->>'zone' = :zone",
            "zone",
            parameters.word("zone", Parameters.words(Zone.class)));
    Bounds bounds = Bounds.between(parameters.time("since"), parameters.time("until"));
    String id = parameters.ulid("decision_id");
    Order order = parameters.choice("order", Order.class);
    return new FindingFilter(
        conditions,
        words(parameters),
        id == null ? bounds : bounds.and(Bounds.only(id)),
        order == null ? Order.NEWEST : order);
  }

  private static @Nullable String words(Parameters parameters) {
    String words = parameters.text("q");
    if (words != null && words.chars().noneMatch(Character::isLetterOrDigit)) {
      throw Parameters.wrong("q", "words to look for");
    }
    return words;
  }
}
