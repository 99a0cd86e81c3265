package io.llmtrace.policies.trial;

import io.llmtrace.policies.exchange.RequestContent;
import java.time.Instant;
import java.util.Optional;

/**
 * One request to try a policy with. Immutable.
 *
 * @param content what an application sends
 * @param textAt JSON Pointer of the text that was given alone; empty where a whole request was
 * @param sender who sends it, and by which way
 * @param at when; empty for now
 * @param times which of its kind it is in its minute, from 1
 */
public record Sample(
    RequestContent content,
    Optional<String> textAt,
    Sender sender,
    Optional<Instant> at,
    long times) {

  /**
   * Who sends it. Empty where there is none.
   *
   * @param tenant whose it is
   * @param consumer the gateway's consumer
   * @param agent the agent
   * @param route the gateway's route id
   */
  public record Sender(String tenant, String consumer, String agent, String route) {}
}
