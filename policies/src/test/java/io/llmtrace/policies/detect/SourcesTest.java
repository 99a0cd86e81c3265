package io.llmtrace.policies.detect;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmtrace.policies.exchange.Segment;
import io.llmtrace.policies.exchange.Zone;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class SourcesTest {
  @Test
  void documents_and_results_of_tools_are_kept_the_newest_first() {
    Sources sources =
        Sources.of(
            List.of(
                segment(Zone.SYSTEM, "system"),
                segment(Zone.DOCUMENT, "old"),
                segment(Zone.USER, "user"),
                segment(Zone.TOOL_RESULT, "  "),
                segment(Zone.TOOL_RESULT, "new"),
                segment(Zone.ASSISTANT, "said")),
            1_024);
    assertThat(sources.texts()).containsExactly("new", "old");
    assertThat(sources.complete()).isTrue();
    assertThat(Sources.of(List.of(segment(Zone.USER, "user")), 1_024)).isEqualTo(Sources.NONE);
  }

  @Test
  void of_the_text_that_does_not_fit_the_beginning_is_kept() {
    List<Segment> question =
        List.of(segment(Zone.DOCUMENT, "older"), segment(Zone.DOCUMENT, "x".repeat(5_000)));
    Sources sources = Sources.of(question, 1_024);
    assertThat(sources.texts()).hasSize(1);
    assertThat(sources.bytes()).isEqualTo(1_024);
    assertThat(sources.complete()).isFalse();
  }

  @Test
  void no_question_takes_more_than_its_memory() {
    String wide = "\u6e2f".repeat(20_000);
    Sources sources = Sources.of(List.of(segment(Zone.DOCUMENT, wide)), 4_096);
    assertThat(sources.bytes()).isBetween(4_000, 4_096);
    List<Segment> many = new ArrayList<>();
    for (int i = 0; i < 10_000; i++) {
      many.add(segment(Zone.TOOL_RESULT, "a"));
    }
    Sources small = Sources.of(many, 4_096);
    assertThat(small.bytes()).isLessThanOrEqualTo(4_096);
    assertThat(small.texts()).hasSizeBetween(50, 64);
    assertThat(small.complete()).isFalse();
    assertThat(small.within(65_536)).isSameAs(small);
    assertThat(small.within(1_024).bytes()).isLessThanOrEqualTo(1_024);
    assertThat(small.within(1_024).complete()).isFalse();
  }

  @Test
  void what_was_cut_stays_said_to_be_cut() {
    Sources cut = new Sources(List.of("a", "b"), false);
    assertThat(cut.within(1_024).complete()).isFalse();
  }

  @Test
  void nothing_of_them_shows_where_they_are_logged() {
    assertThat(new Sources(List.of("confidential"), true))
        .hasToString("Sources[texts=1, bytes=76, complete=true]");
  }

  private static Segment segment(Zone zone, String text) {
    return new Segment(zone, "", "", text);
  }
}
