package io.llmtrace.controlplane.alerts.people;

import io.llmtrace.controlplane.access.Permission;
import io.llmtrace.controlplane.access.Requires;
import io.llmtrace.controlplane.alerts.rules.AlertRule;
import io.llmtrace.controlplane.http.Page;
import io.llmtrace.controlplane.query.Parameters;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.UriInfo;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;

/** {@code /api/v1/alerts/rules}: the rules that are evaluated, built-in ones and the user's own. */
@Path("/api/v1/alerts/rules")
@Produces("application/json")
public final class AlertRulesResource {
  private final List<RuleView> rules;

  public AlertRulesResource(Collection<AlertRule> rules) {
    this.rules =
        rules.stream().map(RuleView::of).sorted(Comparator.comparing(RuleView::name)).toList();
  }

  /**
   * A rule as it is in force.
   *
   * @param by labels that have incidents of their own; empty is one over all
   * @param windowSeconds of data that it looks at; 0 where it looks at a state
   * @param forSeconds how long it must hold before it is an incident
   * @param keepSeconds how long it must be clear before an incident is over
   * @param runbook address, or the path of a page that this server has
   * @param inhibits rules whose incidents are not told while one of this goes on
   */
  public record RuleView(
      String name,
      String severity,
      List<String> by,
      long windowSeconds,
      long forSeconds,
      long keepSeconds,
      String runbook,
      List<String> inhibits) {

    static RuleView of(AlertRule rule) {
      return new RuleView(
          rule.name(),
          rule.severity().label(),
          rule.by(),
          rule.window().toSeconds(),
          rule.lasting().toSeconds(),
          rule.keep().toSeconds(),
          rule.runbook(),
          rule.inhibits().stream().sorted().toList());
    }
  }

  /** All rules, by name. */
  @GET
  @Requires(Permission.ALERTS_READ)
  public Page<RuleView> rules(@Context UriInfo uri) {
    Parameters unused = Parameters.of(uri, List.of());
    return new Page<>(rules, null);
  }
}
