package io.llmtrace.plugin.answers;

import io.llmtrace.plugin.policies.AnswerPolicy;
import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.detect.engine.AnswerInspection;
import io.llmtrace.policies.detect.output.AnswerContext;
import io.llmtrace.policies.exchange.Api;
import io.llmtrace.policies.exchange.Caller;
import io.llmtrace.policies.exchange.Exchange;
import io.llmtrace.policies.policy.Action;
import io.llmtrace.policies.usage.Prompt;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Clock;
import java.time.Duration;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What is kept of questions until their answers come: how many tokens they have, fingerprints,
 * texts only where a cross-encoder is configured, and what placeholders stand for only where
 * answers get that back; in memory alone. A question whose answer never comes is forgotten after 15
 * minutes, and the oldest goes first where there are too many or they take too much memory: its
 * answer is then read without it. Thread-safe; each call holds its lock for a few operations on a
 * map.
 */
public final class OpenQuestions {
  private static final Duration EXPIRY = Duration.ofMinutes(15);
  private static final int MOST = 100_000;
  private static final long MOST_BYTES = 64L << 20;

  /** An entry of the map with its key, and names and numbers of the prompt. */
  private static final int ENTRY_BYTES = 320;

  private final Clock clock;
  private final int most;
  private final long mostBytes;
  private final int sourceBytes;
  private final boolean fingerprints;
  private final MeterRegistry meters;
  private final Map<String, Question> questions = new LinkedHashMap<>();
  private long bytes;

  /**
   * A question.
   *
   * @param at when it was kept, epoch milliseconds
   * @param tenant whose it is
   * @param prompt what it used, or null where nobody counted
   * @param expected what its answer will be held against on its way, or null where nobody holds it
   * @param handled what was done to its answer on its way, or null where that was not inspected
   */
  public record Question(
      long at,
      String tenant,
      AnswerContext context,
      @Nullable Prompt prompt,
      @Nullable Expected expected,
      @Nullable Handled handled) {
    /** A question of whose answer nothing is expected on its way. */
    public Question(long at, String tenant, AnswerContext context, @Nullable Prompt prompt) {
      this(at, tenant, context, prompt, null, null);
    }

    /** What it is written in, or null where nobody has read it. */
    public @Nullable Api api() {
      if (prompt != null) {
        return prompt.api();
      }
      return expected == null ? null : expected.caller().api();
    }

    int bytes() {
      return ENTRY_BYTES
          + context.bytes()
          + (expected == null ? 0 : expected.bytes())
          + (handled == null ? 0 : handled.bytes());
    }
  }

  /**
   * What an answer on its way is held against.
   *
   * @param caller dialect and model that were asked, and whether for a stream
   * @param placeholders what stands for what in the question, where the answer gets it back
   * @param policy what decided about the question, or null for what is in force when it comes
   */
  public record Expected(
      Caller caller, Map<String, String> placeholders, @Nullable AnswerPolicy policy) {
    public Expected {
      placeholders = Map.copyOf(placeholders);
    }

    /** Of a question whose policies are not known. */
    public Expected(Caller caller, Map<String, String> placeholders) {
      this(caller, placeholders, null);
    }

    int bytes() {
      int bytes = ENTRY_BYTES;
      for (Map.Entry<String, String> each : placeholders.entrySet()) {
        bytes += ENTRY_BYTES + 2 * (each.getKey().length() + each.getValue().length());
      }
      return bytes;
    }

    /** Without what placeholders stand for. */
    @Override
    public String toString() {
      return "Expected[" + caller + ", " + placeholders.keySet() + "]";
    }
  }

  /** What was seen in an answer on its way, and what was done to it. */
  public record Handled(AnswerInspection inspection, Action action) {
    int bytes() {
      return ENTRY_BYTES * (1 + 2 * inspection.findings().size());
    }
  }

  /**
   * One for the questions of a process.
   *
   * @param sourceBytes memory that the texts of one question may take; 0 keeps none
   */
  public OpenQuestions(int sourceBytes, MeterRegistry meters) {
    this(Clock.systemUTC(), MOST, MOST_BYTES, sourceBytes, true, meters);
  }

  OpenQuestions(Clock clock, int most, long mostBytes, int sourceBytes, MeterRegistry meters) {
    this(clock, most, mostBytes, sourceBytes, true, meters);
  }

  private OpenQuestions(
      Clock clock,
      int most,
      long mostBytes,
      int sourceBytes,
      boolean fingerprints,
      MeterRegistry meters) {
    this.clock = clock;
    this.most = most;
    this.mostBytes = mostBytes;
    this.sourceBytes = sourceBytes;
    this.fingerprints = fingerprints;
    this.meters = meters;
    Gauge.builder("llmtrace_plugin_questions", this, OpenQuestions::count)
        .description("Questions whose answer has not come")
        .register(meters);
    Gauge.builder("llmtrace_plugin_questions_bytes", this, OpenQuestions::bytes)
        .description("About how much memory they take")
        .register(meters);
  }

  /** One for answers that are not inspected: it keeps no fingerprints. */
  public static OpenQuestions withoutFingerprints(MeterRegistry meters) {
    return new OpenQuestions(Clock.systemUTC(), MOST, MOST_BYTES, 0, false, meters);
  }

  /**
   * What is to be kept of a question.
   *
   * @param budget a spent one makes its fingerprints shorter
   */
  public AnswerContext contextOf(Exchange question, InspectionBudget budget) {
    return fingerprints ? AnswerContext.of(question, sourceBytes, budget) : AnswerContext.unknown();
  }

  /** Keeps a question until its answer has come. */
  public synchronized void keep(
      String decisionId, String tenant, AnswerContext context, @Nullable Prompt prompt) {
    Question before = questions.get(decisionId);
    put(
        decisionId,
        new Question(
            clock.millis(),
            tenant,
            context,
            prompt,
            before == null ? null : before.expected(),
            before == null ? null : before.handled()));
  }

  /** Keeps what an answer will be held against: before the request goes on, or it may be late. */
  public synchronized void expect(String decisionId, String tenant, Expected expected) {
    put(
        decisionId,
        new Question(clock.millis(), tenant, AnswerContext.unknown(), null, expected, null));
  }

  /** Keeps what was done to an answer on its way, for the record that the tap will make. */
  public synchronized void handled(String decisionId, String tenant, Handled handled) {
    Question before = questions.get(decisionId);
    // What it was held against has done its work; a value need not wait in memory for longer.
    put(
        decisionId,
        new Question(
            clock.millis(),
            tenant,
            before == null ? AnswerContext.unknown() : before.context(),
            before == null ? null : before.prompt(),
            null,
            handled));
  }

  private void put(String decisionId, Question question) {
    expire();
    bytes += question.bytes();
    // Its place in the order is that of its time.
    Question before = questions.remove(decisionId);
    questions.put(decisionId, question);
    if (before != null) {
      bytes -= before.bytes();
    }
    Iterator<Question> oldest = questions.values().iterator();
    while ((questions.size() > most || bytes > mostBytes) && oldest.hasNext()) {
      drop(oldest);
      missed("crowded_out");
    }
  }

  /** Says that a question was not kept, or not long enough, and why. */
  public void missed(String reason) {
    meters.counter("llmtrace_plugin_questions_missed", "reason", reason).increment();
  }

  /** The question of an exchange, where it is known. It stays until it is forgotten. */
  public synchronized Optional<Question> find(String decisionId) {
    return Optional.ofNullable(questions.get(decisionId));
  }

  /** Its answer has come and is recorded. */
  public synchronized void forget(String decisionId) {
    Question question = questions.remove(decisionId);
    if (question != null) {
      bytes -= question.bytes();
    }
  }

  /** How many there are. */
  public synchronized int count() {
    expire();
    return questions.size();
  }

  /** About how much memory they take. */
  public synchronized long bytes() {
    return bytes;
  }

  private void expire() {
    long since = clock.millis() - EXPIRY.toMillis();
    Iterator<Question> oldest = questions.values().iterator();
    // Looks at one that stays, at most: each removal was paid for by a keep.
    while (oldest.hasNext()) {
      Question question = oldest.next();
      if (question.at() >= since) {
        return;
      }
      bytes -= question.bytes();
      oldest.remove();
    }
  }

  private void drop(Iterator<Question> oldest) {
    bytes -= oldest.next().bytes();
    oldest.remove();
  }
}
