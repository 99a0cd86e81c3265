package io.llmtrace.controlplane.metrics;

import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.detect.RefusedBy;
import io.llmtrace.policies.detect.Severity;
import io.llmtrace.policies.policy.Action;
import io.llmtrace.policies.wire.ContentPart;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Series that are shown at 0 before their first event: {@code rate()} and {@code increase()} do not
 * see the first event of a series that was not there before it, so an alert on lost records would
 * miss the first loss. Only shown, never stored.
 */
final class Zeros {
  /** Reasons as the plugin's spool and the ingest name them. */
  private static final List<String> LOST =
      List.of(
          "invalid_record",
          "expired",
          "rejected",
          "spool_corrupt",
          "spool_full",
          "spool_missing",
          "spool_refused");

  /** Why an exchange was not looked at; io.llmtrace.policies.detect.Receipt. */
  private static final List<String> UNINSPECTED =
      List.of(
          "overload",
          "memory",
          "breaker",
          "error",
          "unparsable",
          "too_large",
          "degraded",
          "forged_id");

  private static final List<String> SET_ASIDE = List.of("refused", "clock_skew");
  private static final List<String> REJECTED = List.of("foreign_tenant");
  private static final List<String> CONTENT_REFUSED =
      List.of("no_key", "foreign_tenant", "expired", "clock_skew");

  /** io.llmtrace.policies.exchange.ResponseSummary, and what the tap knows by the status. */
  private static final List<String> UPSTREAM =
      List.of(
          "connect",
          "timeout",
          "http_4xx",
          "http_5xx",
          "rate_limited",
          "provider_error",
          "broken_stream");

  private static final List<String> DETAILS = List.of("cached", "cache_write", "reasoning");

  /** What happens to findings mostly; others get their series with their first event. */
  private static final List<Action> OF_FINDINGS = List.of(Action.ALLOW, Action.FLAG, Action.BLOCK);

  private Zeros() {}

  /** Adds what is not there. */
  static void into(Map<Series, Double> values) {
    findings(values);
    for (Action action : Action.values()) {
      put(values, Names.INSPECTIONS, action.label(), "");
    }
    put(values, Names.INSPECTIONS, "partial", "budget");
    UNINSPECTED.forEach(reason -> put(values, Names.INSPECTIONS, "uninspected", reason));
    LOST.forEach(reason -> put(values, Names.LOST, reason));
    SET_ASIDE.forEach(reason -> put(values, Names.SET_ASIDE, reason));
    REJECTED.forEach(reason -> put(values, Names.REJECTED, reason));
    CONTENT_REFUSED.forEach(reason -> put(values, Names.CONTENT_REFUSED, reason));
    for (ContentPart part : ContentPart.values()) {
      put(values, Names.CONTENT, part.label());
    }
    ofTraffic(values);
  }

  private static void findings(Map<Series, Double> values) {
    for (FindingType type : FindingType.values()) {
      for (Severity severity : Severity.values()) {
        OF_FINDINGS.forEach(
            action -> put(values, Names.FINDINGS, type.label(), severity.label(), action.label()));
      }
    }
  }

  /** What can happen to the traffic that is known by its requests. */
  private static void ofTraffic(Map<Series, Double> values) {
    List<String> keys = Names.keys(Names.REQUESTS);
    int provider = keys.indexOf("provider");
    int model = keys.indexOf("model");
    int route = keys.indexOf("route");
    details(values);
    Set<List<String>> added = new LinkedHashSet<>();
    for (Series series : List.copyOf(values.keySet())) {
      if (series.metric().equals(Names.REQUESTS)) {
        List<String> of = series.labels();
        added.add(List.of(of.get(provider), of.get(model), of.get(route)));
      }
    }
    for (List<String> of : added) {
      put(values, Names.TRUNCATED, of.get(0), of.get(2));
      UPSTREAM.forEach(reason -> put(values, Names.UPSTREAM_ERRORS, of.get(0), reason));
      for (RefusedBy by : RefusedBy.values()) {
        put(values, Names.REFUSALS, by.label(), of.get(0), of.get(1));
      }
    }
  }

  /** Parts of the tokens of who spends some. */
  private static void details(Map<Series, Double> values) {
    for (Series series : List.copyOf(values.keySet())) {
      if (series.metric().equals(Names.TOKENS)) {
        List<String> spender = series.labels().subList(1, series.labels().size());
        for (String type : DETAILS) {
          List<String> labels = new ArrayList<>(List.of(type));
          labels.addAll(spender);
          values.putIfAbsent(new Series(Names.TOKEN_DETAILS, labels), 0.0);
        }
      }
    }
  }

  private static void put(Map<Series, Double> values, String metric, String... labels) {
    values.putIfAbsent(new Series(metric, List.of(labels)), 0.0);
  }
}
