package io.llmtrace.policies.detect.signatures;

import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.detect.Severity;
import io.llmtrace.policies.exchange.Zone;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * One rule of a pack.
 *
 * @param id unique over all packs
 * @param pack name of the pack it is in
 * @param shipped whether that is a pack of the product, on whose rules the combination was fitted
 * @param line line of the pack's file at which the rule begins
 * @param types for each zone that it reads, what it says there
 * @param confidence between 0 and 1
 * @param literals folded strings of which a match must hold one to count; empty when it need not
 * @param pattern RE2: linear time
 * @param secret whether what matched must not be shown, not even in part
 * @param matches texts that the rule must find
 * @param doesNotMatch texts that it must leave alone
 */
record SignatureRule(
    String id,
    String pack,
    boolean shipped,
    int line,
    Map<Zone, FindingType> types,
    Severity severity,
    double confidence,
    Set<String> literals,
    RulePattern pattern,
    boolean secret,
    List<String> matches,
    List<String> doesNotMatch) {

  SignatureRule {
    types = Map.copyOf(types);
    literals = Set.copyOf(literals);
    matches = List.copyOf(matches);
    doesNotMatch = List.copyOf(doesNotMatch);
  }

  /** The detector of its findings. */
  String detector() {
    return shipped ? SignatureDetector.NAME : SignatureDetector.OF_USER_PACK + pack;
  }

  /** Zones in the order of the taxonomy, not of a hash. */
  List<Zone> zones() {
    return types.keySet().stream().sorted().toList();
  }
}
