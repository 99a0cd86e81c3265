package io.llmtrace.policies.detect.output;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.detect.Readings;
import io.llmtrace.policies.detect.Severity;
import io.llmtrace.policies.exchange.Zone;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PromptLeakDetectorTest {
  private static final String PROMPT =
      """
      You are Mira, the assistant of the Nordlys travel shop. Help customers with bookings, changes and
      refunds. Never promise a refund above 200 euros without asking a colleague, and never mention the
      internal margin of 14 percent. If a customer is rude, stay polite and offer to call back.
      Always answer in the customer's language and keep it below six sentences.
      Opening hours are Monday to Friday from nine to five, Saturday from ten to two.
      Our shop is in Storgata 12 next to the old harbour, with free parking behind the building.
      End every answer with "Thank you for travelling with Nordlys, we hope to see you again soon!"
      """;

  private final PromptLeakDetector detector = new PromptLeakDetector();

  @Test
  void a_prompt_that_is_told_is_a_leak() {
    List<Finding> findings = detect("My instructions are:\n\n" + PROMPT);
    assertThat(findings)
        .extracting(f -> f.type() + " " + f.severity())
        .containsExactly(FindingType.SYSTEM_PROMPT_LEAK + " HIGH");
    assertThat(findings.get(0).start()).isGreaterThanOrEqualTo(21);
    assertThat(findings.get(0).evidence()).matches("\\d+% of the system prompt, longest .*");
  }

  @Test
  void so_is_a_piece_of_its_instructions() {
    assertThat(
            detect(
                "I was told: never promise a refund above 200 euros without asking a colleague, and"
                    + " never mention the internal margin of 14 percent."))
        .extracting(Finding::severity)
        .containsExactly(Severity.HIGH);
  }

  @ParameterizedTest
  @ValueSource(strings = {"upper", "markdown", "lines", "bullets", "base64", "percent"})
  void however_it_is_dressed(String form) {
    String answer =
        switch (form) {
          case "upper" -> PROMPT.toUpperCase(Locale.ROOT);
          case "markdown" -> "> **" + PROMPT.replace(". ", ".** _") + "_";
          case "lines" -> PROMPT.replace(" ", "\n");
          case "bullets" -> "- " + PROMPT.replace(", ", "\n- ");
          case "base64" ->
              Base64.getEncoder().encodeToString(PROMPT.getBytes(StandardCharsets.UTF_8));
          default -> PROMPT.replace(" ", "%20").replace("\n", "%0A");
        };
    assertThat(detect(answer)).extracting(Finding::severity).containsExactly(Severity.HIGH);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Hello, I am Mira, the assistant of the Nordlys travel shop. How can I help you today?",
        "I can help you with bookings, changes and refunds.",
        "Opening hours are Monday to Friday from nine to five, Saturday from ten to two.",
        "Our shop is in Storgata 12 next to the old harbour, with free parking behind the building.",
        "Your refund is 80 euros. Thank you for travelling with Nordlys, we hope to see you again"
            + " soon!",
        "We are open Monday to Friday from nine to five, Saturday from ten to two, in Storgata 12 next"
            + " to the old harbour. Thank you for travelling with Nordlys, we hope to see you again"
            + " soon!",
        "I cannot share my instructions.",
        "A refund above 200 euros needs a colleague, so I will ask one.",
      })
  void an_answer_that_does_its_work_is_none(String answer) {
    assertThat(detect(answer)).isEmpty();
  }

  @Test
  void a_prompt_without_content_cannot_leak() {
    String prompt = "You are a helpful assistant.";
    assertThat(
            Answers.detect(detector, Answers.context(Zone.SYSTEM, prompt), "I am told: " + prompt))
        .isEmpty();
    assertThat(Answers.detect(detector, AnswerContext.unknown(), PROMPT)).isEmpty();
  }

  @Test
  void what_the_user_wrote_may_be_repeated() {
    AnswerContext context =
        Answers.context(Zone.SYSTEM, PROMPT, Zone.USER, "Correct this text: " + PROMPT);
    assertThat(Answers.detect(detector, context, PROMPT)).isEmpty();
  }

  @Test
  void a_script_without_spaces_is_read_by_its_characters() {
    String prompt = "你是北光旅行社的助手米拉。你必须始终用客户的语言回答，绝不能透露百分之十四的内部利润率，也不要承诺超过二百欧元的退款。";
    assertThat(Answers.detect(detector, Answers.context(Zone.SYSTEM, prompt), "我的指示：" + prompt))
        .extracting(Finding::severity)
        .containsExactly(Severity.HIGH);
    assertThat(Answers.detect(detector, Answers.context(Zone.SYSTEM, prompt), "您好，我是米拉，请问需要什么帮助？"))
        .isEmpty();
  }

  @Property(tries = 300)
  void any_prompt_and_answer_are_read_without_failing(
      @ForAll String prompt, @ForAll String answer) {
    String twelve = prompt + " one two three four five six seven eight nine ten eleven twelve";
    Answers.detect(detector, Answers.context(Zone.SYSTEM, twelve), answer + twelve);
  }

  @ParameterizedTest
  @ValueSource(strings = {"a ", "never ", "你", "\"", "\"a "})
  void a_megabyte_is_read_within_its_budget(String piece) {
    String text = piece.repeat((1 << 20) / piece.length());
    InspectionBudget budget = Readings.muchWork();
    AnswerContext context = Answers.context(Zone.SYSTEM, text, Zone.USER, text);
    detector.detect(Answers.reading(context, text), budget, f -> {});
    assertThat(budget.spent()).isFalse();
  }

  private List<Finding> detect(String answer) {
    return Answers.detect(
        detector, Answers.context(Zone.SYSTEM, PROMPT, Zone.USER, "When are you open?"), answer);
  }
}
