package io.llmtrace.policies.detect;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.llmtrace.policies.exchange.Segment;
import io.llmtrace.policies.exchange.Zone;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TextViewTest {
  @ParameterizedTest
  @ValueSource(
      strings = {"", "plain", "ä🙂b", "\uD83D\uDE42\uD83D", "\uDE42x\uD83D", "🙂 and more text "})
  void code_points_are_counted_as_the_platform_counts_them(String unit) {
    for (int times : new int[] {1, 200}) {
      String text = unit.repeat(times);
      TextView view = TextView.original(text);
      for (int i = 0; i <= text.length(); i++) {
        assertThat(view.codePoint(i)).isEqualTo(text.codePointCount(0, i));
      }
    }
  }

  @Test
  void a_finding_in_a_form_that_was_turned_round_covers_all_it_stands_for() {
    TextView turned =
        TextView.made("cba", List.of("reversed"), new int[] {4, 3, 2}, new int[] {5, 4, 3});
    Segment segment = new Segment(Zone.USER, "user", "", "🙂abc");
    SegmentReading reading =
        new SegmentReading(segment, List.of(TextView.original(segment.text()), turned), true);
    Finding finding =
        reading.finding(
            FindingType.JAILBREAK, Severity.LOW, 0.5, turned, 0, 2, "test", "rule", "cb");
    assertThat(finding.start()).isEqualTo(2);
    assertThat(finding.end()).isEqualTo(4);
  }

  @Test
  void a_map_of_another_length_than_the_text_is_refused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> TextView.made("ab", List.of("fold"), new int[1], new int[2]))
        .withMessageContaining("1 and 2 characters for a text of 2");
  }
}
