package io.llmtrace.cli.demo;

import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.exchange.Dialect;
import io.llmtrace.policies.policy.Action;
import java.util.Set;

/**
 * One request of the demo and what must become of it.
 *
 * @param name as it stands in the table
 * @param dialect the API that the request is written for
 * @param expected the action that must be decided
 * @param status HTTP status that the client must get
 * @param stream whether a streamed answer is asked for
 * @param findings types of which at least one must be found in the request; empty when nothing may
 *     be found
 * @param answerFindings the same for the answer
 * @param body the request, JSON
 */
record DemoScenario(
    String name,
    Dialect dialect,
    Action expected,
    int status,
    boolean stream,
    Set<FindingType> findings,
    Set<FindingType> answerFindings,
    String body) {

  DemoScenario {
    findings = Set.copyOf(findings);
    answerFindings = Set.copyOf(answerFindings);
  }

  String path() {
    return dialect == Dialect.ANTHROPIC_MESSAGES ? "/v1/messages" : "/v1/chat/completions";
  }
}
