package io.llmtrace.plugin.enforcement;

import io.llmtrace.plugin.gateway.Answer;
import io.llmtrace.plugin.gateway.GatewayRequest;
import io.llmtrace.policies.policy.Action;
import io.llmtrace.policies.policy.Decision;
import io.llmtrace.policies.policy.Mode;
import io.llmtrace.policies.redact.Redaction;
import java.nio.ByteBuffer;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The answer for a request that goes on: flagged, redacted or as it is. Stateless. */
public final class Passing {
  /** Why an exchange is worth a look: the finding's type, to the upstream and to the client. */
  public static final String FLAG_HEADER = "x-llmtrace-flag";

  /** {@code redact} where the body is not the client's, to the upstream and to the client. */
  public static final String ACTION_HEADER = "x-llmtrace-action";

  private Passing() {}

  /**
   * What a decision comes to: one to redact that could not be carried out is one to block, because
   * what a policy wants redacted must not go on as it is.
   */
  public static Decision feasible(Decision decision, @Nullable Redaction redaction) {
    if (decision.action() != Action.REDACT || redaction instanceof Redaction.Redacted) {
      return decision;
    }
    Redaction.Reason reason =
        redaction instanceof Redaction.Refused refused
            ? refused.reason()
            : Redaction.Reason.NOT_DONE;
    return new Decision(
        Action.BLOCK,
        Action.BLOCK,
        Mode.ENFORCE,
        decision.policy(),
        "route/not_redactable-" + reason.label(),
        decision.revision(),
        decision.category());
  }

  /**
   * The answer.
   *
   * @param headers that the request gets in any case
   * @param redaction what {@code decision} asks for, if it does
   */
  public static Answer.Rewrite goOn(
      GatewayRequest request,
      Decision decision,
      @Nullable Redaction redaction,
      Map<String, String> headers) {
    Map<String, String> set = new LinkedHashMap<>(headers);
    Map<String, String> toClient = new LinkedHashMap<>();
    Set<String> removed = new HashSet<>();
    // A client must not be able to say this about itself.
    for (String name : Set.of(FLAG_HEADER, ACTION_HEADER)) {
      if (request.headers().containsKey(name)) {
        removed.add(name);
      }
    }
    ByteBuffer body = null;
    String category = decision.category();
    if (decision.action().compareTo(Action.FLAG) >= 0 && category != null) {
      toClient.put(FLAG_HEADER, category);
    }
    if (decision.action() == Action.REDACT && redaction instanceof Redaction.Redacted redacted) {
      toClient.put(ACTION_HEADER, Action.REDACT.label());
      set.put("content-length", Integer.toString(redacted.body().length));
      if (request.headers().containsKey("content-encoding")) {
        removed.add("content-encoding");
      }
      body = ByteBuffer.wrap(redacted.body());
    }
    set.putAll(toClient);
    removed.removeAll(toClient.keySet());
    return new Answer.Rewrite(set, removed, toClient, body);
  }
}
