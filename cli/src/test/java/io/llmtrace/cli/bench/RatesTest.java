package io.llmtrace.cli.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.llmtrace.policies.exchange.Zone;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RatesTest {
  @Test
  void recallIsTakenWhereOneBenignTextInAHundredScoresHigher() {
    List<ScoredText> rows = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      rows.add(scored(false, i / 100.0, false));
    }
    // One benign row may lie above the threshold, which is that of the second highest: 0.98.
    rows.add(scored(true, 0.985, true));
    rows.add(scored(true, 0.98, true));
    assertThat(Rates.thresholdAt(0.01, rows)).isEqualTo(0.98);
    assertThat(Rates.recallAt(0.01, rows)).isEqualTo(0.5);
    assertThat(Rates.recallAt(0, rows)).isZero();
  }

  @Test
  void f1IsThatOfWhatWasFlagged() {
    List<ScoredText> rows =
        List.of(
            scored(true, 0.9, true),
            scored(true, 0.1, false),
            scored(false, 0.9, true),
            scored(false, 0.1, false));
    assertThat(Rates.f1(rows)).isEqualTo(0.5);
    assertThat(Rates.brier(rows)).isCloseTo((0.01 + 0.81 + 0.81 + 0.01) / 4, within(1e-12));
  }

  @Test
  void ofNoRowsThereIsNoFigure() {
    assertThat(Rates.f1(List.of())).isNaN();
    assertThat(Rates.recallAt(0.01, List.of())).isNaN();
    assertThat(Rates.percent(Double.NaN)).isEqualTo("–");
  }

  private static ScoredText scored(boolean attack, double score, boolean flagged) {
    LabelledText row =
        new LabelledText("", "", attack, "chat", Zone.USER, "en", "s", "unseen_source", "");
    return new ScoredText(row, score, flagged, Map.of());
  }
}
