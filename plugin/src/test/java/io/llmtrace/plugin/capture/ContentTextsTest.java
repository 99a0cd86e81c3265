package io.llmtrace.plugin.capture;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmtrace.plugin.conf.CaptureConf;
import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.detect.Severity;
import io.llmtrace.policies.detect.classify.GuardModel;
import io.llmtrace.policies.detect.engine.DetectionEngine;
import io.llmtrace.policies.detect.engine.EngineOptions;
import io.llmtrace.policies.exchange.Segment;
import io.llmtrace.policies.exchange.Zone;
import io.llmtrace.policies.wire.CaptureMode;
import io.llmtrace.policies.wire.ContentText;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ContentTextsTest {
  private static final DetectionEngine ENGINE =
      DetectionEngine.builtIn(EngineOptions.standard().withoutCache().without(GuardModel.NAME));
  private static final ContentTexts TEXTS = ContentTexts.of(ENGINE);
  private static final SeenElsewhere NOTHING = new SeenElsewhere(List.of(), List.of(), true);
  private static final String MAIL = "carla.meyer@customer-mail.de";

  private static CaptureConf conf(CaptureMode mode, int maxBytes) {
    return new CaptureConf(mode, maxBytes, 1);
  }

  private static Segment user(int number, String text) {
    return new Segment(Zone.USER, "user", "/messages/" + number + "/content", text);
  }

  @Test
  void redacted_shows_all_but_what_must_not_be_kept() {
    ContentTexts.Made made =
        TEXTS.of(List.of(user(0, "Write to " + MAIL)), NOTHING, conf(CaptureMode.REDACTED, 9_000));
    assertThat(made.texts())
        .containsExactly(
            new ContentText(Zone.USER, "user", "/messages/0/content", "Write to [EMAIL_1]", "", 0));
    assertThat(made.leftOut()).isEmpty();
  }

  @Test
  void full_is_as_it_was() {
    assertThat(
            TEXTS
                .of(List.of(user(0, "Write to " + MAIL)), NOTHING, conf(CaptureMode.FULL, 9_000))
                .texts()
                .get(0)
                .text())
        .isEqualTo("Write to " + MAIL);
  }

  @Test
  void the_newest_texts_have_room_and_what_is_cut_is_marked() {
    for (CaptureMode mode : List.of(CaptureMode.REDACTED, CaptureMode.FULL)) {
      ContentTexts.Made made =
          TEXTS.of(
              List.of(user(0, "gone ".repeat(300)), user(1, "é".repeat(900)), user(2, "new")),
              NOTHING,
              conf(mode, 1_024));
      assertThat(made.texts()).extracting(ContentText::leftOut).containsExactly("max_bytes", "");
      assertThat(made.texts().get(1).text()).isEqualTo("new");
      // 1024 less three bytes, and no half of a letter of two.
      assertThat(made.texts().get(0).text()).isEqualTo("é".repeat(510));
      assertThat(made.texts().get(0).leftOutBytes()).isEqualTo(780);
      assertThat(made.leftOut()).isEqualTo("max_bytes");
      assertThat(made.leftOutBytes()).isEqualTo(1_500);
    }
  }

  @Test
  void a_secret_on_the_edge_is_a_placeholder_and_never_half_a_secret() {
    for (int before = 1_024 - MAIL.length() - 2; before < 1_030; before++) {
      String text =
          TEXTS
              .of(
                  List.of(user(0, "x".repeat(before - 1) + " " + MAIL + " and more")),
                  NOTHING,
                  conf(CaptureMode.REDACTED, 1_024))
              .texts()
              .get(0)
              .text();
      assertThat(text).doesNotContain("carla");
    }
  }

  @Test
  void of_many_texts_the_newest_are_kept() {
    List<Segment> many = new ArrayList<>();
    for (int i = 0; i < ContentTexts.MOST_TEXTS + 5; i++) {
      many.add(user(i, "t" + i));
    }
    ContentTexts.Made made = TEXTS.of(many, NOTHING, conf(CaptureMode.FULL, 1 << 20));
    assertThat(made.texts()).hasSize(ContentTexts.MOST_TEXTS);
    assertThat(made.texts().get(0).text()).isEqualTo("t5");
    assertThat(made.leftOut()).isEqualTo("too_many");
    assertThat(made.leftOutBytes()).isEqualTo(10);
  }

  @Test
  void names_of_fields_and_roles_that_may_name_somebody_are_left_out() {
    ContentTexts.Made made =
        TEXTS.of(
            List.of(
                new Segment(Zone.USER, MAIL, "/customers/" + MAIL + "/note", "fine"),
                new Segment(Zone.USER, "user", "/with space/x-1/note", "fine")),
            NOTHING,
            conf(CaptureMode.REDACTED, 9_000));
    assertThat(made.texts())
        .extracting(ContentText::pointer)
        .containsExactly("", "/with space/x-1/note");
    assertThat(made.texts()).extracting(ContentText::role).containsExactly("", "user");
    assertThat(made.texts()).extracting(ContentText::text).containsExactly("fine", "fine");
  }

  @Test
  void what_was_not_read_to_its_end_is_left_out_in_redacted_and_not_in_full() {
    ContentTexts blind = new ContentTexts((segment, budget) -> Optional.empty(), Set.of());
    assertThat(
            blind.of(List.of(user(0, "abc")), NOTHING, conf(CaptureMode.REDACTED, 9_000)).texts())
        .containsExactly(
            new ContentText(Zone.USER, "user", "/messages/0/content", "", "unread", 3));
    assertThat(blind.of(List.of(user(0, "abc")), NOTHING, conf(CaptureMode.FULL, 9_000)).texts())
        .extracting(ContentText::text)
        .containsExactly("abc");
  }

  @Test
  void what_an_own_model_found_is_replaced_and_without_its_word_nothing_is_kept() {
    ContentTexts withModel = new ContentTexts(ENGINE::leaks, Set.of("names"));
    Segment segment = user(0, "The patient is Ada.");
    Finding ada =
        new Finding(
            FindingType.PII_DETECTED,
            Severity.LOW,
            0.9,
            Zone.USER,
            segment.pointer(),
            15,
            18,
            "names",
            "PERSON",
            "");
    Finding more =
        new Finding(
            FindingType.PII_DETECTED,
            Severity.LOW,
            0.9,
            Zone.USER,
            "",
            0,
            0,
            "names",
            Finding.TOO_MANY,
            "");
    CaptureConf conf = conf(CaptureMode.REDACTED, 9_000);
    assertThat(
            withModel
                .of(List.of(segment), new SeenElsewhere(List.of(ada), List.of(), true), conf)
                .texts()
                .get(0)
                .text())
        .isEqualTo("The patient is [PII_DETECTED_1].");
    for (SeenElsewhere unsure :
        List.of(
            new SeenElsewhere(List.of(), List.of(), false),
            new SeenElsewhere(List.of(), List.of("names"), true),
            // More than an inspection keeps.
            new SeenElsewhere(List.of(ada, more), List.of(), true))) {
      assertThat(withModel.of(List.of(segment), unsure, conf).texts())
          .extracting(ContentText::leftOut)
          .containsExactly("unread");
    }
  }

  @Test
  void a_reader_without_time_keeps_nothing() {
    ContentTexts slow =
        new ContentTexts(
            (segment, budget) -> {
              InspectionBudget spent = budget;
              spent.cancel();
              return Optional.empty();
            },
            Set.of());
    assertThat(
            slow.of(List.of(user(0, "a"), user(1, "b")), NOTHING, conf(CaptureMode.REDACTED, 9_000))
                .texts())
        .extracting(ContentText::leftOut)
        .containsExactly("unread", "unread");
  }
}
