package io.llmtrace.policies.language;

import io.llmtrace.policies.detect.Severity;
import io.llmtrace.policies.exchange.Zone;
import java.util.Set;

/**
 * A text to look for, whose findings have the type {@code custom_pattern}, the detector {@code
 * policy} and the pattern's name as their rule. Immutable.
 *
 * @param name unique in the policy
 * @param pattern in RE2's syntax, which takes linear time
 * @param zones where to look; empty is everywhere
 * @param severity of what is found
 */
public record TextPattern(String name, String pattern, Set<Zone> zones, Severity severity) {
  public TextPattern {
    zones = Copies.set(zones);
  }
}
