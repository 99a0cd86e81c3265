package io.llmtrace.policies.detect.classify;

import static org.assertj.core.api.Assertions.assertThat;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

class WindowsTest {
  @Property
  void windows_of_a_scale_cover_every_token_and_overlap(
      @ForAll @IntRange(min = 1, max = 5000) int tokens,
      @ForAll @IntRange(min = 0, max = 2) int scale) {
    int count = Windows.count(tokens, scale);
    int covered = 0;
    for (int w = 0; w < count; w++) {
      int from = Windows.from(tokens, scale, w);
      int to = Windows.to(tokens, scale, w);
      assertThat(from).isLessThanOrEqualTo(covered);
      assertThat(to).isGreaterThan(from).isLessThanOrEqualTo(tokens);
      assertThat(to - from).isLessThanOrEqualTo(NgramModel.SCALES[scale]);
      covered = to;
    }
    assertThat(covered).isEqualTo(count == 0 ? 0 : tokens);
  }

  @Property
  void every_text_is_read_in_at_least_one_scale(@ForAll @IntRange(min = 1, max = 5000) int tokens) {
    assertThat(Windows.count(tokens, 0)).isPositive();
  }
}
