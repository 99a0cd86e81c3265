package io.llmtrace.plugin.conf;

import io.llmtrace.policies.exchange.Api;
import io.llmtrace.policies.policy.BlockStyle;
import io.llmtrace.policies.policy.Mode;
import io.llmtrace.policies.wire.NodeSnapshot;
import io.llmtrace.runtime.config.OnUninspectable;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The settings of one route, complete: what the route does not say, or says wrongly, has its
 * default. Immutable.
 *
 * @param policy name of the policy, or null for the tenant's
 * @param mode what the route asks for, or null for the policy's own mode
 * @param tenant the tenant
 * @param agent the agent, or empty where the route names none
 * @param budgetMs milliseconds an inspection may take, counted from the complete body
 * @param onUninspectable what happens to a request that could not be looked at
 * @param blockStyle how a block is answered
 * @param dialect the API that its requests are written in, or null to detect it
 * @param capture what is kept of the content
 * @param tap whether a completion is to be expected from the gateway's log
 * @param redact what is replaced by placeholders
 * @param enforceAnswers whether answers that come through {@code ext-plugin-post-resp} are asked
 *     for, inspected and acted on
 * @param given keys that the route itself set
 * @param problems what was wrong with the route's configuration, for an operator to read
 */
public record RouteConf(
    @Nullable String policy,
    @Nullable Mode mode,
    String tenant,
    String agent,
    int budgetMs,
    OnUninspectable onUninspectable,
    BlockStyle blockStyle,
    @Nullable Api dialect,
    CaptureConf capture,
    boolean tap,
    RedactConf redact,
    boolean enforceAnswers,
    Set<String> given,
    List<String> problems) {

  /** The name under which a route lists our configuration. */
  public static final String CONF_NAME = "llmtrace";

  public RouteConf {
    given = Set.copyOf(given);
    problems = List.copyOf(problems);
  }

  /** The mode in force: the built-in policy observes, so a first day in production never blocks. */
  public Mode effectiveMode() {
    return mode == null ? Mode.OBSERVE : mode;
  }

  /**
   * The settings where no answer is ever shown to us: what is there to change answers would wait
   * for them in vain, and is named as a problem.
   */
  public RouteConf withoutAnswers() {
    if (!enforceAnswers && !redact.reversible()) {
      return this;
    }
    List<String> found = new ArrayList<>(problems);
    if (enforceAnswers) {
      found.add("answers: a call-out shows no answers; they are not enforced");
    }
    if (redact.reversible()) {
      found.add("redact.reversible: a call-out shows no answers; placeholders stay in them");
    }
    return new RouteConf(
        policy,
        mode,
        tenant,
        agent,
        budgetMs,
        onUninspectable,
        blockStyle,
        dialect,
        capture,
        tap,
        new RedactConf(redact.rule(), false, redact.conversationHeader()),
        false,
        given,
        found);
  }

  /** The settings as the control plane shows them. */
  public NodeSnapshot.RouteSettings settings(String key) {
    Map<String, String> values = new LinkedHashMap<>();
    values.put("policy", policy == null ? "default" : policy);
    values.put("mode", effectiveMode().label());
    values.put("tenant", tenant);
    values.put("agent", agent);
    values.put("budget_ms", Integer.toString(budgetMs));
    values.put("on_uninspectable", onUninspectable.name().toLowerCase(Locale.ROOT));
    values.put("block_style", blockStyle.name().toLowerCase(Locale.ROOT));
    values.put("dialect", dialect == null ? "detected" : dialect.label());
    values.put("capture", capture.label());
    values.put("tap", Boolean.toString(tap));
    values.put("redact", redact.label());
    values.put("answers", enforceAnswers ? "enforce" : "observe");
    Map<String, String> sources = new LinkedHashMap<>();
    for (String name : values.keySet()) {
      String otherwise = name.equals("mode") ? "policy" : "default";
      sources.put(name, given.contains(name) ? "route" : otherwise);
    }
    return new NodeSnapshot.RouteSettings(key, values, sources);
  }
}
