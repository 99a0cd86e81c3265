package io.llmtrace.policies.detect.signatures;

import com.google.re2j.Pattern;
import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.detect.Severity;
import io.llmtrace.policies.exchange.Zone;
import java.util.List;
import java.util.Set;

/**
 * One rule of a pack.
 *
 * @param id unique in the pack
 * @param zones the zones it reads
 * @param literals lower-case strings of which a text must hold one before the pattern is tried;
 *     empty when the pattern is always tried
 * @param pattern RE2: linear time
 * @param secret whether what matched must not be shown, not even in part
 * @param matches texts that the rule must find; run by the build
 * @param doesNotMatch texts that it must leave alone; run by the build
 */
record SignatureRule(
    String id,
    FindingType type,
    Severity severity,
    double confidence,
    Set<Zone> zones,
    List<String> literals,
    Pattern pattern,
    boolean secret,
    List<String> matches,
    List<String> doesNotMatch) {

  SignatureRule {
    zones = Set.copyOf(zones);
    literals = List.copyOf(literals);
    matches = List.copyOf(matches);
    doesNotMatch = List.copyOf(doesNotMatch);
  }
}
