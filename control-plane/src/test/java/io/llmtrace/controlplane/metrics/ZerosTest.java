package io.llmtrace.controlplane.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Series that must be there before their first event. */
class ZerosTest {
  @Test
  void aLossIsSeenByRateFromTheFirstOneOn() {
    Map<Series, Double> values = new HashMap<>();
    Zeros.into(values);
    assertThat(values)
        .containsEntry(new Series(Names.LOST, List.of("spool_full")), 0.0)
        .containsEntry(new Series(Names.INSPECTIONS, List.of("uninspected", "breaker")), 0.0)
        .containsEntry(new Series(Names.CONTENT, List.of("answer")), 0.0);
    assertThat(values.values()).containsOnly(0.0);
  }

  @Test
  void whatWasCountedStays() {
    Series lost = new Series(Names.LOST, List.of("spool_full"));
    Map<Series, Double> values = new HashMap<>(Map.of(lost, 7.0));
    Zeros.into(values);
    assertThat(values).containsEntry(lost, 7.0);
  }

  @Test
  void errorsAndRefusalsOfTrafficAreThereOnceItIs() {
    Map<Series, Double> values = new HashMap<>();
    Zeros.into(values);
    assertThat(values.keySet()).noneMatch(series -> series.metric().equals(Names.TRUNCATED));

    values.put(new Series(Names.REQUESTS, List.of("200", "openai", "m", "chat", "acme")), 1.0);
    values.put(new Series(Names.TOKENS, List.of("prompt", "openai", "m", "acme")), 9.0);
    Zeros.into(values);
    assertThat(values)
        .containsEntry(
            new Series(Names.TOKEN_DETAILS, List.of("cached", "openai", "m", "acme")), 0.0)
        .containsEntry(new Series(Names.TRUNCATED, List.of("openai", "chat")), 0.0)
        .containsEntry(new Series(Names.UPSTREAM_ERRORS, List.of("openai", "connect")), 0.0)
        .containsEntry(new Series(Names.REFUSALS, List.of("model", "openai", "m")), 0.0);
  }

  @Test
  void eachHasAsManyLabelsAsItsMetricHasKeys() {
    Map<Series, Double> values = new HashMap<>();
    values.put(new Series(Names.REQUESTS, List.of("200", "openai", "m", "chat", "acme")), 1.0);
    values.put(new Series(Names.TOKENS, List.of("prompt", "openai", "m", "acme")), 9.0);
    Zeros.into(values);
    assertThat(values.keySet())
        .allSatisfy(
            series ->
                assertThat(series.labels())
                    .as(series.metric())
                    .hasSameSizeAs(Names.keys(series.metric())));
  }
}
