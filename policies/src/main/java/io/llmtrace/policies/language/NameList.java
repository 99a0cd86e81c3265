package io.llmtrace.policies.language;

import io.llmtrace.policies.policy.Action;
import java.util.List;

/**
 * Which models or tools are allowed. What is denied is not allowed, whatever else is said; where
 * there is an allow list, all else is denied. Immutable.
 *
 * @param allow empty where all that is not denied is allowed
 * @param deny never allowed
 * @param action what is done with an exchange that uses another: flag or block
 */
public record NameList(List<NamePattern> allow, List<NamePattern> deny, Action action) {
  public NameList {
    allow = Copies.list(allow);
    deny = Copies.list(deny);
  }

  public boolean allows(String name) {
    for (NamePattern each : deny) {
      if (each.matches(name)) {
        return false;
      }
    }
    if (allow.isEmpty()) {
      return true;
    }
    for (NamePattern each : allow) {
      if (each.matches(name)) {
        return true;
      }
    }
    return false;
  }
}
