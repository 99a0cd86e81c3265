package io.llmtrace.policies.detect.signatures;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.re2j.Matcher;
import com.google.re2j.Pattern;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

/** The automaton may say that a pattern matches where it does not, never the other way round. */
class LazyAutomatonTest {
  /** Which of the last eleven letters were an "a" is all in the state: 2,048 of them. */
  private static final String MANY_STATES = "a[ab][ab][ab][ab][ab][ab][ab][ab][ab][ab]c";

  @Property(tries = 2000)
  void it_never_denies_what_re2_finds(@ForAll @IntRange(min = 0) int seed) {
    Random random = new Random(seed);
    String pattern = EngineIdentityTest.anyPattern(random);
    String text = text(random, "aAbBkKsS .-\n_1é\u017f\u212aßЖж忽\uD83D\uDD13", 60);
    int first = random.nextInt(text.length() + 1);
    int to = first + random.nextInt(text.length() - first + 1);
    int last = first + random.nextInt(to - first + 1);
    Matcher matcher = Pattern.compile(pattern).matcher(text.substring(0, to));
    boolean found = first < to && matcher.find(first) && matcher.start() <= last;
    if (found) {
      assertThat(LazyAutomaton.of(pattern).mayMatch(text.toCharArray(), first, last, to))
          .as("%s in %s from %d to %d, end %d", pattern, text, first, last, to)
          .isTrue();
    }
  }

  @Test
  void it_denies_most_of_what_a_shipped_rule_says_that_it_does_not_match() {
    int denied = 0;
    int all = 0;
    for (SignatureRule rule : SignaturePack.builtIn().rules()) {
      for (String text : rule.doesNotMatch()) {
        all++;
        int length = text.length();
        denied += rule.pattern().mayMatch(text.toCharArray(), 0, length, length) ? 0 : 1;
      }
    }
    assertThat(denied).isGreaterThan(all * 3 / 4);
  }

  @Test
  void a_match_that_would_begin_behind_the_last_place_does_not_count() {
    LazyAutomaton automaton = LazyAutomaton.of("needle");
    char[] text = "a needle in the hay".toCharArray();
    assertThat(automaton.mayMatch(text, 0, 2, text.length)).isTrue();
    assertThat(automaton.mayMatch(text, 0, 1, text.length)).isFalse();
    assertThat(automaton.mayMatch(text, 2, 2, 8)).isTrue();
    assertThat(automaton.mayMatch(text, 2, 2, 7)).isFalse();
  }

  @Test
  void a_pattern_that_is_not_understood_may_match_anything() {
    assertThat(LazyAutomaton.of("(?<what").mayMatch("no".toCharArray(), 0, 1, 2)).isTrue();
  }

  @Test
  void more_states_than_are_kept_change_nothing() {
    LazyAutomaton automaton = LazyAutomaton.of(MANY_STATES);
    int denied = 0;
    for (int i = 0; i < 4000; i++) {
      denied += agrees(automaton, text(new Random(i), "aabbc", 40)) ? 0 : 1;
    }
    assertThat(denied).isGreaterThan(1000);
  }

  @Test
  void threads_that_make_states_at_once_see_the_same()
      throws InterruptedException, ExecutionException {
    LazyAutomaton automaton = LazyAutomaton.of(MANY_STATES);
    ExecutorService threads = Executors.newFixedThreadPool(4);
    try {
      List<Future<?>> all = new ArrayList<>();
      for (int t = 0; t < 4; t++) {
        int seed = t;
        all.add(
            threads.submit(
                () -> {
                  for (int i = 0; i < 2000; i++) {
                    agrees(automaton, text(new Random(seed * 2000 + i), "aabbc", 40));
                  }
                }));
      }
      for (Future<?> each : all) {
        each.get();
      }
    } finally {
      threads.shutdownNow();
    }
  }

  /** Whether it says that the pattern may match; it must where RE2 finds it. */
  private static boolean agrees(LazyAutomaton automaton, String text) {
    boolean says = automaton.mayMatch(text.toCharArray(), 0, text.length(), text.length());
    if (Pattern.compile(MANY_STATES).matcher(text).find()) {
      assertThat(says).as(text).isTrue();
    }
    return says;
  }

  private static String text(Random random, String alphabet, int most) {
    StringBuilder text = new StringBuilder();
    for (int i = random.nextInt(most); i > 0; i--) {
      text.append(alphabet.charAt(random.nextInt(alphabet.length())));
    }
    return text.toString();
  }
}
