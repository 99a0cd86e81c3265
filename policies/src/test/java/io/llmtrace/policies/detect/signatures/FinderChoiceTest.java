package io.llmtrace.policies.detect.signatures;

import static java.util.stream.Collectors.joining;
import static org.assertj.core.api.Assertions.assertThat;

import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.exchange.Zone;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class FinderChoiceTest {
  private static final String WAITS = "hyperscan is compiled when texts need it";
  private static final SignatureProgram PROGRAM =
      SignaturePack.parse(
              "dense",
              IntStream.range(0, 16)
                  .mapToObj(FinderChoiceTest::rule)
                  .collect(joining("", "rules:\n", "")))
          .program();
  private static final String ORDINARY = "A spell that casts, among words that say nothing. ";

  /** All rules could begin anywhere in it. */
  private static final String DENSE = "spell casts. ".repeat(400);

  @Test
  void ordinary_texts_do_not_ask_for_it() {
    FinderChoice choice = automatic(1);
    List<String> found = read(choice, ORDINARY.repeat(20) + "and other words ".repeat(400));
    assertThat(found).isNotEmpty();
    assertThat(choice.note()).isEqualTo(WAITS);
  }

  @Test
  void few_texts_that_would_need_it_are_read_without() {
    FinderChoice choice = automatic(10_000_000);
    List<String> found = read(choice, DENSE);
    assertThat(found).isNotEmpty();
    assertThat(choice.note()).isEqualTo(WAITS);
  }

  @Test
  void many_of_them_have_it_compiled_and_find_the_same() throws InterruptedException {
    FinderChoice choice = automatic(3L * DENSE.length());
    CandidateFinder asked = choice.finder();
    List<String> found = read(choice, DENSE);
    read(choice, DENSE);
    assertThat(choice.note()).isEqualTo(WAITS);
    read(choice, DENSE);
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    while (choice.finder() == asked && System.nanoTime() - end < 0) {
      Thread.sleep(5);
    }
    assertThat(choice.finder()).isNotSameAs(asked);
    assertThat(read(choice, DENSE)).isEqualTo(found).isNotEmpty();
  }

  /** Rules that begin with the same word, and end with one of their own. */
  private static String rule(int number) {
    return """
      - id: d-%1$d
        type: jailbreak
        severity: high
        confidence: 0.9
        zones: [user]
        pattern: 'spell\\W[^.]{0,900}(?:casts|casts%1$d)'
        rationale: r
        source: s
        matches: [spell that casts]
        does_not_match: [spell]
    """
        .formatted(number);
  }

  private static FinderChoice automatic(long worthCompiling) {
    return FinderChoice.make(PROGRAM, SignatureEngine.AUTO, worthCompiling, Duration.ZERO);
  }

  private static List<String> read(FinderChoice choice, String text) {
    List<String> found = new ArrayList<>();
    boolean whole =
        PROGRAM.read(
            text,
            Zone.USER,
            choice.finder(),
            PROGRAM.counts(),
            InspectionBudget.until(Long.MAX_VALUE, () -> 0),
            (rule, start, end) -> found.add(rule + ":" + start + "-" + end));
    assertThat(whole).isTrue();
    return found;
  }
}
