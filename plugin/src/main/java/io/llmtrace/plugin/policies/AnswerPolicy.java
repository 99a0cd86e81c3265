package io.llmtrace.plugin.policies;

import io.llmtrace.policies.evaluate.PolicyProgram;
import io.llmtrace.policies.exchange.Caller;
import io.llmtrace.policies.exchange.Zone;
import io.llmtrace.policies.expression.Facts;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What decides about an answer: the policies that decided about its question, whatever is in force
 * meanwhile. Immutable.
 *
 * @param program what applies
 * @param revision of its bundle
 * @param facts of the question, without its headers
 */
public record AnswerPolicy(PolicyProgram program, long revision, Facts facts) {
  /** Of a question; what is kept of it is little. */
  public static AnswerPolicy of(PolicyProgram program, long revision, Facts question) {
    return new AnswerPolicy(
        program,
        revision,
        new Kept(
            question.tenant(),
            question.consumer(),
            question.agent(),
            question.route(),
            question.provider(),
            question.model(),
            question.dialect(),
            question.method(),
            question.path(),
            question.stream(),
            question.tools(),
            Map.of(),
            Set.copyOf(question.zones()),
            question.segments(),
            question.bytes(),
            question.maxTokens(),
            question.uninspectedParts(),
            question.coverage(),
            question.certain(),
            question.namesModel(),
            question.at()));
  }

  /** Of a question that is not known: what can be for it, is. */
  public static AnswerPolicy unknown(
      PolicyTable table, String tenant, String policy, Caller caller, long at) {
    Facts facts =
        new Kept(
            tenant,
            "",
            "",
            "",
            "",
            caller.model(),
            caller.api().dialect().label(),
            "",
            "",
            caller.stream(),
            List.of(),
            Map.of(),
            EnumSet.noneOf(Zone.class),
            0,
            0,
            -1,
            0,
            "uninspected",
            false,
            true,
            at);
    PolicyTable.InForce inForce = table.resolve(tenant, policy.isEmpty() ? null : policy);
    return new AnswerPolicy(inForce.stack().program(facts), inForce.revision(), facts);
  }

  private record Kept(
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
      boolean certain,
      boolean namesModel,
      long at)
      implements Facts {}
}
