package io.llmtrace.controlplane.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmtrace.policies.detect.Coverage;
import io.llmtrace.policies.detect.Receipt;
import io.llmtrace.policies.exchange.Dialect;
import io.llmtrace.policies.exchange.Usage;
import io.llmtrace.policies.policy.Action;
import io.llmtrace.policies.policy.Decision;
import io.llmtrace.policies.policy.Mode;
import io.llmtrace.policies.usage.UsageSource;
import io.llmtrace.policies.wire.CompletionRecord;
import io.llmtrace.policies.wire.InspectionRecord;
import java.math.BigDecimal;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** What a client may do to the metrics page: nothing beyond the bounds. */
class TotalsTest {
  private final Totals totals = new Totals("slot");

  @Test
  void aLabelTakesTwoHundredValuesAndCallsTheRestOther() {
    for (int i = 0; i < Totals.VALUES_OF_A_LABEL + 50; i++) {
      count(exchange("route-" + i, "m"), 200);
    }
    Set<String> routes = values("llmtrace_requests_total", "route");
    assertThat(routes).hasSize(Totals.VALUES_OF_A_LABEL + 1).contains("other", "route-0");
    assertThat(total("llmtrace_requests_total")).isEqualTo(Totals.VALUES_OF_A_LABEL + 50);
  }

  @Test
  void aModelIsNamedOnlyOnceAProviderHasAnsweredForIt() {
    for (int i = 0; i < 20; i++) {
      count(exchange("r", "made-up-" + i), 404);
    }
    count(exchange("r", "real"), 200);
    count(exchange("r", "real"), 500);
    assertThat(values("llmtrace_requests_total", "model"))
        .containsExactlyInAnyOrder("other", "real");
  }

  @Test
  void aMetricTakesTenThousandSeriesAndCountsTheRestTogether() {
    for (int i = 0; i < Totals.SERIES_OF_A_METRIC + 20; i++) {
      Deltas deltas = new Deltas(totals);
      // Two labels of 199 values each make more series than a metric may have.
      deltas.completion(
          Asked.of(exchange("route-" + i % 199, "m", "tenant-" + (i / 199) % 199)),
          ended(200 + i % 3));
      totals.committed(deltas);
    }
    long series =
        totals.snapshot().keySet().stream()
            .filter(one -> one.metric().equals("llmtrace_requests_total"))
            .count();
    assertThat(series).isLessThanOrEqualTo(Totals.SERIES_OF_A_METRIC + 1);
    assertThat(total("llmtrace_requests_total")).isEqualTo(Totals.SERIES_OF_A_METRIC + 20);
  }

  @Test
  void aSeriesOfEachStatusIsBegunByWhoComesFirstAndIsNoRowOfWhoComesLater() {
    Deltas first = new Deltas(totals);
    first.inspection(exchange("r", "m"));
    first.inspection(exchange("r", "m"));
    assertThat(requests(first)).isEqualTo(6);

    Deltas beside = new Deltas(totals);
    beside.inspection(exchange("r", "m"));
    // Until the first is committed nobody knows whether it will be.
    assertThat(requests(beside)).isEqualTo(6);

    totals.committed(first);
    Deltas later = new Deltas(totals);
    later.inspection(exchange("r", "m"));
    assertThat(requests(later)).isZero();
    later.inspection(exchange("r2", "m"));
    assertThat(requests(later)).isEqualTo(6);
  }

  /** Whoever sends spans invents names of services and models; labels are everybody's. */
  @Test
  void spansOfApplicationsHaveOneRouteAndBringNoModels() {
    for (int i = 0; i < 5; i++) {
      count(exchange("otlp/pod-" + i, "model-" + i), 200);
    }
    assertThat(values("llmtrace_requests_total", "route")).containsExactly("otlp");
    assertThat(values("llmtrace_requests_total", "model")).containsExactly("other");
  }

  private static long requests(Deltas deltas) {
    return deltas.values().keySet().stream()
        .filter(one -> one.metric().equals("llmtrace_requests_total"))
        .count();
  }

  @Test
  void tokensCostAndTheTimeToTheFirstTokenAreCounted() {
    complete(spent(new Usage(100, 20, 40, 0, 5), UsageSource.REPORTED, new BigDecimal("0.0015")));
    complete(spent(new Usage(10, 2), UsageSource.ESTIMATED, new BigDecimal("0.0005")));

    assertThat(total("llmtrace_tokens_total")).isEqualTo(132);
    assertThat(total("llmtrace_token_details_total")).isEqualTo(45);
    assertThat(values("llmtrace_token_details_total", "type"))
        .containsExactlyInAnyOrder("cached", "reasoning");
    assertThat(total("llmtrace_cost_usd_total")).isEqualTo(0.002);
    assertThat(total("llmtrace_cost_unknown_total")).isZero();
    assertThat(values("llmtrace_usage_total", "source"))
        .containsExactlyInAnyOrder("reported", "estimated");
    assertThat(total("llmtrace_time_to_first_token_seconds_bucket")).isEqualTo(2);
    assertThat(total("llmtrace_time_to_first_token_seconds_sum")).isEqualTo(0.5);
    assertThat(total("llmtrace_answers_truncated_total")).isEqualTo(2);
  }

  @Test
  void anUnknownCostIsCountedAsThatAndNotAsNone() {
    complete(spent(new Usage(10, 2), UsageSource.REPORTED, null));
    complete(spent(null, null, null));
    count(exchange("r", "m"), 400);

    assertThat(total("llmtrace_cost_unknown_total")).isEqualTo(2);
    assertThat(total("llmtrace_cost_usd_total")).isZero();
    assertThat(values("llmtrace_usage_total", "source"))
        .containsExactlyInAnyOrder("reported", "none");
  }

  private void complete(CompletionRecord ended) {
    Deltas deltas = new Deltas(totals);
    deltas.completion(Asked.of(exchange("r", "m")), ended);
    totals.committed(deltas);
  }

  private static CompletionRecord spent(Usage usage, UsageSource source, BigDecimal cost) {
    return new CompletionRecord(
        "01ARZ3NDEKTSV4RRFFQ69G5FAV",
        1,
        200,
        1_000.0,
        900.0,
        "m",
        usage,
        "stop",
        null,
        true,
        List.of(),
        null,
        null,
        source,
        250.0,
        cost,
        null);
  }

  private void count(InspectionRecord asked, int status) {
    Deltas deltas = new Deltas(totals);
    deltas.completion(Asked.of(asked), ended(status));
    totals.committed(deltas);
  }

  private Set<String> values(String metric, String label) {
    int at = Names.keys(metric).indexOf(label);
    return totals.snapshot().entrySet().stream()
        .filter(entry -> entry.getKey().metric().equals(metric) && entry.getValue() > 0)
        .map(entry -> entry.getKey().labels().get(at))
        .collect(Collectors.toSet());
  }

  private double total(String metric) {
    return totals.snapshot().entrySet().stream()
        .filter(entry -> entry.getKey().metric().equals(metric))
        .mapToDouble(Map.Entry::getValue)
        .sum();
  }

  private static InspectionRecord exchange(String route, String model) {
    return exchange(route, model, "default");
  }

  private static InspectionRecord exchange(String route, String model, String tenant) {
    return new InspectionRecord(
        "01ARZ3NDEKTSV4RRFFQ69G5FAV",
        1,
        "",
        tenant,
        route,
        "",
        "POST",
        "/v1/chat/completions",
        Dialect.OPENAI_CHAT,
        "openai",
        model,
        false,
        new Decision(Action.ALLOW, Action.ALLOW, Mode.OBSERVE, "p", "r", 0, null),
        List.of(),
        new Receipt(Coverage.INSPECTED, "", 1, 1, 1, List.of()),
        Map.of(),
        true);
  }

  private static CompletionRecord ended(int status) {
    return new CompletionRecord(
        "01ARZ3NDEKTSV4RRFFQ69G5FAV",
        1,
        status,
        1.0,
        null,
        null,
        null,
        null,
        null,
        false,
        List.of(),
        null,
        null);
  }
}
