package io.llmtrace.plugin.answers;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.detect.engine.AnswerInspection;
import io.llmtrace.policies.detect.output.AnswerContext;
import io.llmtrace.policies.exchange.Caller;
import io.llmtrace.policies.exchange.Dialect;
import io.llmtrace.policies.exchange.Exchange;
import io.llmtrace.policies.exchange.Segment;
import io.llmtrace.policies.exchange.Zone;
import io.llmtrace.policies.policy.Action;
import io.llmtrace.policies.usage.Prompt;
import io.llmtrace.policies.usage.TokenCount;
import io.llmtrace.policies.usage.UsageSource;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

class OpenQuestionsTest {
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final Ticking clock = new Ticking();

  @Test
  void a_question_stays_until_it_is_forgotten() {
    OpenQuestions questions = new OpenQuestions(clock, 10, 1 << 20, 0, meters);
    questions.keep("a", "acme", AnswerContext.unknown(), null);
    assertThat(questions.find("a")).map(OpenQuestions.Question::tenant).contains("acme");
    // A delivery that could not be recorded comes again.
    assertThat(questions.find("a")).isPresent();
    questions.forget("a");
    questions.forget("a");
    assertThat(questions.find("a")).isEmpty();
    assertThat(questions.bytes()).isZero();
  }

  @Test
  void the_oldest_goes_first_where_there_are_too_many() {
    OpenQuestions questions = new OpenQuestions(clock, 3, 1 << 20, 0, meters);
    for (String id : List.of("a", "b", "c", "d")) {
      questions.keep(id, "t", AnswerContext.unknown(), null);
    }
    assertThat(questions.find("a")).isEmpty();
    assertThat(questions.find("d")).isPresent();
    assertThat(questions.count()).isEqualTo(3);
    assertThat(missed("crowded_out")).isEqualTo(1);
  }

  @Test
  void documents_are_kept_where_something_reads_them_and_count_as_memory() {
    Exchange question =
        new Exchange(
            Dialect.OPENAI_CHAT,
            "openai",
            "m",
            false,
            List.of(new Segment(Zone.DOCUMENT, "user", "/0", "The ship is warm. ".repeat(2_000))),
            List.of(),
            0);
    InspectionBudget budget = InspectionBudget.unlimited();
    OpenQuestions without = new OpenQuestions(clock, 10, 1 << 20, 0, meters);
    OpenQuestions with = new OpenQuestions(clock, 100, 1 << 20, 16 << 10, meters);
    AnswerContext prints = without.contextOf(question, budget);
    AnswerContext texts = with.contextOf(question, budget);
    assertThat(prints.sources().isEmpty()).isTrue();
    assertThat(texts.bytes() - prints.bytes()).isEqualTo(16 << 10);
    for (int i = 0; i < 100; i++) {
      with.keep("q" + i, "t", texts, null);
    }
    int each = new OpenQuestions.Question(0, "t", texts, null).bytes();
    assertThat(with.count()).isEqualTo((1 << 20) / each).isLessThan(100);
    assertThat(with.bytes()).isEqualTo((long) each * with.count());
    clock.millis += 16 * 60 * 1_000;
    assertThat(with.count()).isZero();
    assertThat(with.bytes()).isZero();
  }

  @Test
  void so_it_does_where_they_take_too_much_memory() {
    AnswerContext large = context(5_000);
    long mostBytes = 3L * large.bytes();
    OpenQuestions questions = new OpenQuestions(clock, 1_000, mostBytes, 0, meters);
    for (int i = 0; i < 50; i++) {
      questions.keep("small-" + i, "t", AnswerContext.unknown(), null);
    }
    for (int i = 0; i < 4; i++) {
      questions.keep("large-" + i, "t", large, null);
      assertThat(questions.bytes()).isLessThanOrEqualTo(mostBytes);
    }
    assertThat(questions.find("small-0")).isEmpty();
    assertThat(questions.find("large-0")).isEmpty();
    assertThat(questions.find("large-3")).isPresent();
    OpenQuestions tiny = new OpenQuestions(clock, 10, 1_000, 0, new SimpleMeterRegistry());
    tiny.keep("too large for all of it", "t", large, null);
    assertThat(tiny.count()).isZero();
    assertThat(tiny.bytes()).isZero();
  }

  @Test
  void one_whose_answer_never_comes_is_forgotten_after_fifteen_minutes() {
    OpenQuestions questions = new OpenQuestions(clock, 10, 1 << 20, 0, meters);
    questions.keep("old", "t", AnswerContext.unknown(), null);
    clock.millis = 14 * 60_000;
    questions.keep("young", "t", AnswerContext.unknown(), null);
    clock.millis = 15 * 60_000 + 1;
    assertThat(questions.count()).isEqualTo(1);
    assertThat(questions.find("young")).isPresent();
  }

  @Test
  void where_answers_are_not_inspected_only_the_prompts_tokens_are_kept() {
    OpenQuestions questions = OpenQuestions.withoutFingerprints(meters);
    Exchange question =
        new Exchange(
            Dialect.OPENAI_CHAT,
            "openai",
            "gpt-4o",
            true,
            List.of(new Segment(Zone.USER, "user", "/messages/0/content", "The ship is warm.")),
            List.of(),
            0);
    questions.keep(
        "a",
        "t",
        questions.contextOf(question, InspectionBudget.unlimited()),
        Prompt.of(question, InspectionBudget.unlimited()));
    assertThat(questions.find("a").orElseThrow().prompt().tokens())
        .isEqualTo(new TokenCount(12, UsageSource.COUNTED));
    assertThat(questions.find("a").orElseThrow().context().bytes())
        .isEqualTo(AnswerContext.unknown().bytes());
  }

  @Test
  void what_an_answer_is_held_against_is_there_at_once_and_goes_when_it_was_handled() {
    OpenQuestions questions = new OpenQuestions(clock, 10, 1 << 20, 0, meters);
    long empty = questions.bytes();
    questions.expect("a", "acme", expected("ada"));
    questions.keep("a", "acme", AnswerContext.unknown(), null);
    assertThat(questions.find("a")).map(OpenQuestions.Question::expected).contains(expected("ada"));
    questions.handled(
        "a",
        "acme",
        new OpenQuestions.Handled(AnswerInspection.uninspected("off", 1), Action.ALLOW));
    OpenQuestions.Question question = questions.find("a").orElseThrow();
    assertThat(question.expected()).isNull();
    assertThat(question.handled().action()).isEqualTo(Action.ALLOW);
    questions.keep("a", "acme", AnswerContext.unknown(), null);
    assertThat(questions.find("a").orElseThrow().handled()).isNotNull();
    questions.forget("a");
    assertThat(questions.bytes()).isEqualTo(empty);
  }

  @Test
  void values_of_placeholders_count_as_memory_and_are_never_shown() {
    OpenQuestions questions = new OpenQuestions(clock, 1_000, 20_000, 0, meters);
    for (int i = 0; i < 100; i++) {
      questions.expect("id-" + i, "t", expected("v".repeat(1_000)));
    }
    assertThat(questions.bytes()).isLessThanOrEqualTo(20_000);
    assertThat(questions.count()).isBetween(5, 10);
    assertThat(questions.find("id-99")).isPresent();
    assertThat(expected("ada").toString()).contains("[EMAIL_1]").doesNotContain("ada");
  }

  @Test
  void a_node_that_inspects_no_answers_wants_no_fingerprints_but_keeps_what_is_restored() {
    OpenQuestions questions = OpenQuestions.withoutFingerprints(meters);
    questions.expect("a", "t", expected("ada"));
    assertThat(questions.find("a")).isPresent();
  }

  private static OpenQuestions.Expected expected(String value) {
    return new OpenQuestions.Expected(Caller.of(Dialect.OPENAI_CHAT), Map.of("[EMAIL_1]", value));
  }

  @Test
  void many_threads_leave_an_honest_sum() throws Exception {
    OpenQuestions questions = new OpenQuestions(clock, 500, 1 << 20, 0, meters);
    ExecutorService threads = Executors.newFixedThreadPool(8);
    List<Future<?>> all = new ArrayList<>();
    for (int t = 0; t < 8; t++) {
      int thread = t;
      all.add(
          threads.submit(
              () -> {
                for (int i = 0; i < 2_000; i++) {
                  questions.keep(thread + "-" + i, "t", AnswerContext.unknown(), null);
                  questions.forget(thread + "-" + (i - i % 7));
                }
              }));
    }
    for (Future<?> one : all) {
      one.get();
    }
    threads.shutdown();
    long each = new OpenQuestions.Question(0, "t", AnswerContext.unknown(), null).bytes();
    assertThat(questions.count()).isLessThanOrEqualTo(500);
    assertThat(questions.bytes()).isEqualTo(each * questions.count());
  }

  private double missed(String reason) {
    return meters.counter("llmtrace_plugin_questions_missed", "reason", reason).count();
  }

  private static AnswerContext context(int words) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < words; i++) {
      text.append("word").append(i).append(' ');
    }
    return AnswerContext.of(
        new Exchange(
            Dialect.OPENAI_CHAT,
            "openai",
            "m",
            false,
            List.of(new Segment(Zone.SYSTEM, "system", "/0", text.toString())),
            List.of(),
            0),
        InspectionBudget.unlimited());
  }

  /** A clock that a test sets. */
  private static final class Ticking extends Clock {
    private long millis;

    @Override
    public ZoneId getZone() {
      return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(ZoneId zone) {
      return this;
    }

    @Override
    public Instant instant() {
      return Instant.ofEpochMilli(millis);
    }
  }
}
