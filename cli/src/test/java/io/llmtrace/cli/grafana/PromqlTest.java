package io.llmtrace.cli.grafana;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.llmtrace.cli.grafana.Promql.Match;
import io.llmtrace.cli.grafana.Promql.Selector;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class PromqlTest {
  @Test
  void selectorsHaveTheirMatchersAndAllGroupsAroundThem() {
    assertThat(
            Promql.selectors(
                "60 * sum by (a, b) (rate(m_total{x=\"1\",y=~\"by (z)|q\"}[5m])) / n or up > 0"))
        .containsExactly(
            new Selector(
                "m_total",
                List.of(new Match("x", "=", "1"), new Match("y", "=~", "by (z)|q")),
                Set.of("a", "b")),
            new Selector("n", List.of(), Set.of()),
            new Selector("up", List.of(), Set.of()));
  }

  @Test
  void groupsNest() {
    assertThat(Promql.selectors("histogram_quantile(0.9, sum by (le) (sum by (s, le) (b[1m])))"))
        .containsExactly(new Selector("b", List.of(), Set.of("le", "s")));
  }

  @Test
  void whatIsNotUnderstoodIsRefused() {
    assertThatThrownBy(() -> Promql.selectors("sum(m) by (a)"))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void matchersAreAnchoredAsInPrometheus() {
    assertThat(new Match("s", "=~", "5..").fits("502")).isTrue();
    assertThat(new Match("s", "=~", "5..").fits("1502")).isFalse();
    assertThat(new Match("s", "!~", "5..").fits("200")).isTrue();
    assertThat(new Match("s", "!=", "200").fits("200")).isFalse();
  }
}
