package io.llmtrace.policies.redact;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.detect.classify.GuardModel;
import io.llmtrace.policies.detect.engine.DetectionEngine;
import io.llmtrace.policies.detect.engine.EngineOptions;
import io.llmtrace.policies.detect.sensitive.Made;
import io.llmtrace.policies.exchange.Segment;
import io.llmtrace.policies.exchange.Zone;
import io.llmtrace.policies.json.WireJson;
import io.llmtrace.policies.redact.TextRedaction.Outcome;
import io.llmtrace.policies.redact.TextRedaction.Why;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;
import org.junit.jupiter.api.Test;

class TextRedactionTest {
  private static final DetectionEngine ENGINE =
      DetectionEngine.builtIn(EngineOptions.standard().withoutCache().without(GuardModel.NAME));
  private static final TextRedaction REDACTION = new TextRedaction(ENGINE::leaks);
  private static final InspectionBudget ENDLESS = InspectionBudget.unlimited();

  private static final List<String> PROSE =
      List.of(
          "Please look at this ticket. ",
          "The customer said it is urgent, ",
          "and nobody knows why 🙂 the build fails.\n",
          "Ärgerlich, aber wahr: ",
          "{\"not\": json} ",
          "Use the key \t");

  @Property(tries = 300, shrinking = ShrinkingMode.OFF, seed = "41")
  void nothing_that_was_put_in_is_in_what_is_kept(@ForAll long seed) throws Exception {
    Random random = new Random(seed);
    List<String> values = new ArrayList<>(List.of("no text has this"));
    List<Segment> segments = new ArrayList<>();
    for (int i = random.nextInt(4); i >= 0; i--) {
      segments.add(Spots.segment("/messages/" + i + "/content", text(random, values)));
    }

    List<Outcome> outcomes = REDACTION.redact(segments, List.of(), ENDLESS);

    assertThat(outcomes).hasSameSizeAs(segments);
    for (int i = 0; i < outcomes.size(); i++) {
      // All of these texts can be read and redacted: withholding them would prove nothing.
      assertThat(outcomes.get(i)).as(segments.get(i).text()).isInstanceOf(Outcome.Kept.class);
      String kept = ((Outcome.Kept) outcomes.get(i)).text();
      assertThat(kept).doesNotContain(values).doesNotContain(found(segments.get(i)));
    }
  }

  /** What the detectors see in a text, none where they see nothing. */
  private static List<String> found(Segment segment) {
    List<String> found = new ArrayList<>(List.of("no text has this"));
    for (Finding finding : ENGINE.leaks(segment, ENDLESS).orElseThrow()) {
      int start = segment.text().offsetByCodePoints(0, finding.start());
      found.add(
          segment.text().substring(start, segment.text().offsetByCodePoints(0, finding.end())));
    }
    return found;
  }

  private static String text(Random random, List<String> values) throws JsonProcessingException {
    StringBuilder text = new StringBuilder();
    // More than an inspection keeps of one rule.
    int count = random.nextInt(10) == 0 ? 40 : random.nextInt(4);
    for (int i = 0; i < count; i++) {
      String value = value(random);
      // Numbers may look like somebody's example; the detectors say which are not.
      if (!Character.isDigit(value.charAt(value.length() - 1)) || value.contains("_")) {
        values.add(value);
      }
      text.append(PROSE.get(random.nextInt(PROSE.size()))).append(value).append(" .\n");
    }
    text.append(PROSE.get(random.nextInt(PROSE.size())));
    return random.nextInt(4) == 0
        ? WireJson.mapper().writeValueAsString(Map.of("query", text.toString(), "top", 5))
        : text.toString();
  }

  private static String value(Random random) {
    long seed = random.nextLong();
    return switch (random.nextInt(6)) {
      case 0 -> "u" + Made.hex(8, seed) + "@customer-mail.de";
      case 1 -> Made.github("ghp_", seed);
      case 2 -> Made.jwt(seed);
      case 3 -> Made.iban("DE", "37040044%010d".formatted(Math.floorMod(seed, 10_000_000_000L)));
      case 5 -> "sk_live_" + Made.alnum(24, seed);
      default ->
          "credit card number "
              + Made.luhn("4539%011d".formatted(Math.floorMod(seed, 10_000_000_000L)));
    };
  }

  @Test
  void a_value_has_one_placeholder_in_all_texts() {
    String mail = "carla.meyer@customer-mail.de";
    List<Outcome> outcomes =
        REDACTION.redact(
            List.of(
                Spots.segment("/messages/0/content", "I am " + mail + " and wait."),
                Spots.segment("/messages/1/content", "Who is " + mail + "?")),
            List.of(),
            ENDLESS);

    assertThat(outcomes)
        .containsExactly(
            new Outcome.Kept("I am [EMAIL_1] and wait."), new Outcome.Kept("Who is [EMAIL_1]?"));
  }

  @Test
  void an_assigned_secret_is_replaced_and_its_placeholder_is_no_reason_to_withhold() {
    List<Outcome> outcomes =
        REDACTION.redact(
            List.of(Spots.segment("/a", "DB_PASSWORD=kR8vq2Lw9zTx and go on")), List.of(), ENDLESS);

    assertThat(outcomes.get(0)).isInstanceOf(Outcome.Kept.class);
    assertThat(((Outcome.Kept) outcomes.get(0)).text())
        .doesNotContain("kR8vq2Lw9zTx")
        .endsWith("and go on");
  }

  @Test
  void what_others_found_is_replaced_too() {
    Segment segment = Spots.segment("/messages/0/content", "The patient is Ada.");
    Finding name = Spots.spot("person_name", segment, "Ada");

    assertThat(REDACTION.redact(List.of(segment), List.of(name), ENDLESS))
        .containsExactly(new Outcome.Kept("The patient is [PERSON_NAME_1]."));
  }

  @Test
  void what_others_found_and_nobody_can_place_withholds() {
    Segment segment = Spots.segment("/messages/0/content", "short");
    Segment other = Spots.segment("/messages/1/content", "fine");

    assertThat(
            REDACTION.redact(
                List.of(segment, other),
                List.of(Spots.finding("person_name", "/messages/0/content", 2, 90)),
                ENDLESS))
        .containsExactly(new Outcome.Withheld(Why.NOT_REDACTABLE), new Outcome.Kept("fine"));
    assertThat(
            REDACTION.redact(
                List.of(segment, other), List.of(Spots.finding("person_name", "", 0, 0)), ENDLESS))
        .containsOnly(new Outcome.Withheld(Why.NOT_REDACTABLE));
  }

  @Test
  void what_was_not_read_to_its_end_is_withheld_and_the_rest_is_kept() {
    TextRedaction redaction =
        new TextRedaction(
            (segment, budget) ->
                segment.text().contains("long") ? Optional.empty() : Optional.of(List.of()));

    assertThat(
            redaction.redact(
                List.of(Spots.segment("/0", "a long text"), Spots.segment("/1", "brief")),
                List.of(),
                ENDLESS))
        .containsExactly(new Outcome.Withheld(Why.UNREAD), new Outcome.Kept("brief"));
  }

  @Test
  void a_spent_budget_keeps_nothing() {
    InspectionBudget spent = InspectionBudget.until(System.nanoTime() - 1);

    assertThat(
            REDACTION.redact(
                List.of(Spots.segment("/0", "mail a@customer-mail.de")), List.of(), spent))
        .containsExactly(new Outcome.Withheld(Why.UNREAD));
  }

  @Test
  void what_shows_a_secret_after_redaction_is_withheld() {
    // A reader that sees something else each time, as detectors may once a neighbour is gone.
    TextRedaction redaction =
        new TextRedaction(
            (segment, budget) ->
                Optional.of(
                    segment.text().contains("first")
                        ? List.of(Spots.spot("email", segment, "first"))
                        : List.of(Spots.spot("email", segment, "second"))));

    assertThat(redaction.redact(List.of(Spots.segment("/0", "first second")), List.of(), ENDLESS))
        .containsExactly(new Outcome.Withheld(Why.NOT_REDACTABLE));
  }

  @Test
  void halves_of_surrogate_pairs_do_not_stop_it() {
    assertThat(
            REDACTION.redact(
                List.of(
                    new Segment(Zone.USER, "", "/x", "\uD83D broken, mail a@customer-mail.de 🙂")),
                List.of(),
                ENDLESS))
        .containsExactly(new Outcome.Kept("\uFFFD broken, mail [EMAIL_1] 🙂"));
  }

  @Test
  void nothing_looks_for_leaks_so_nothing_may_be_kept() {
    DetectionEngine blind = new DetectionEngine(List.of());

    assertThat(blind.leaks(Spots.segment("/0", "anything"), ENDLESS)).isEmpty();
  }
}
