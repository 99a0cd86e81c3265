package io.llmtrace.plugin.conf;

import io.llmtrace.policies.policy.RedactRule;
import java.util.ArrayList;
import java.util.List;

/**
 * What a route has replaced by placeholders. Immutable.
 *
 * @param rule which findings
 * @param reversible whether answers get the values back for the caller
 * @param conversationHeader lower-case request header by which a client names its conversation;
 *     empty where it does not
 */
public record RedactConf(RedactRule rule, boolean reversible, String conversationHeader) {
  /** Nothing is replaced. */
  public static final RedactConf NONE = new RedactConf(RedactRule.NONE, false, "");

  /** As the control plane shows it. */
  String label() {
    if (rule.isNone()) {
      return "none";
    }
    List<String> names = new ArrayList<>();
    rule.types().forEach(type -> names.add(type.label()));
    names.addAll(rule.kinds());
    names.sort(null);
    return String.join(" ", names) + (reversible ? " (reversible)" : "");
  }
}
