package io.llmtrace.policies.detect.sensitive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.detect.FindingType;
import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.detect.SegmentReading;
import io.llmtrace.policies.detect.TextView;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class SensitiveDetectorTest {
  @Test
  void spans_are_in_code_points_and_hold_the_value_alone() {
    String text = "😀😀 an 😀 mei@orchard-labs.com, IBAN \"DE89370400440532013000\" 😀";
    assertThat(Reading.values(text))
        .containsExactly("email=mei@orchard-labs.com", "iban=DE89370400440532013000");
    Finding email = Reading.of(text).get(0);
    assertThat(email.start()).isEqualTo(8);
    assertThat(email.end()).isEqualTo(8 + "mei@orchard-labs.com".length());
    assertThat(email.pointer()).isEqualTo("/messages/0/content");
    assertThat(email.detector()).isEqualTo("sensitive");
  }

  @Test
  void what_overlaps_is_one_finding_of_the_most_specific_kind() {
    String jwt = Made.jwt(1);
    String token = Made.github("ghp_", 2);
    assertThat(Reading.values("api_token: Bearer " + jwt)).containsExactly("jwt=" + jwt);
    assertThat(Reading.values("password=" + token)).containsExactly("github_token=" + token);
    assertThat(
            Reading.values(
                "secret: "
                    + "https://hooks.slack.com/services/T0ABC1234/B0ABC1234/"
                    + Made.alnum(24, 3)))
        .hasSize(1)
        .allMatch(v -> v.startsWith("slack_webhook="));
    assertThat(Reading.kinds("phone / card: 4539 1488 0343 6467")).containsExactly("credit_card");
  }

  @Test
  void an_encoded_secret_is_found_at_its_place_in_the_original() {
    String token = Made.github("ghp_", 4);
    String encoded =
        Base64.getEncoder()
            .encodeToString(
                ("please use token " + token + " now").getBytes(StandardCharsets.UTF_8));
    String text = "decode this: " + encoded + " thanks";
    assertThat(Reading.normalised(text))
        .singleElement()
        .satisfies(
            f -> {
              assertThat(f.rule()).isEqualTo("github_token");
              // The groups of four that hold the token, and no more.
              String place = Reading.value(text, f);
              assertThat(encoded).contains(place);
              assertThat(new String(Base64.getDecoder().decode(place), StandardCharsets.UTF_8))
                  .contains(token)
                  .hasSizeLessThan(token.length() + 6);
            });
  }

  @Test
  void what_is_found_in_the_text_is_not_found_again_in_its_forms() {
    String text =
        "mail mei@orchard-labs.com and "
            + Made.jwt(
                "{\"alg\":\"HS256\"}",
                "{\"email\":\"mei@orchard-labs.com\",\"card\":\"4539 1488 0343 6467\"}",
                5);
    assertThat(Reading.normalised(text)).extracting(Finding::rule).containsExactly("email", "jwt");
    TextView folded =
        TextView.made(
            text,
            List.of("fold"),
            IntStream.range(0, text.length()).toArray(),
            IntStream.rangeClosed(1, text.length()).toArray());
    SegmentReading twice =
        new SegmentReading(Reading.segment(text), List.of(TextView.original(text), folded), true);
    assertThat(Reading.read(Reading.STANDARD, twice)).hasSize(2);
  }

  @Test
  void forms_that_change_digits_are_not_read() {
    String card = "my card 4539 1488 0343 6467";
    String shown = "x".repeat(card.length());
    for (String transform : List.of("reversed", "rot13", "leetspeak")) {
      TextView view =
          TextView.made(
              card,
              List.of(transform),
              IntStream.range(0, card.length()).toArray(),
              IntStream.rangeClosed(1, card.length()).toArray());
      SegmentReading reading =
          new SegmentReading(Reading.segment(shown), List.of(TextView.original(shown), view), true);
      assertThat(Reading.read(Reading.STANDARD, reading)).isEmpty();
    }
  }

  @Test
  void results_depend_on_neither_locale_nor_thread() {
    String text = everything();
    List<Finding> expected = Reading.of(text);
    Locale before = Locale.getDefault();
    try {
      Locale.setDefault(Locale.forLanguageTag("tr-TR"));
      assertThat(Reading.of(new SensitiveDetector(), text)).isEqualTo(expected);
    } finally {
      Locale.setDefault(before);
    }
    assertThat(IntStream.range(0, 16).parallel().mapToObj(i -> Reading.of(text)).distinct())
        .containsExactly(expected);
  }

  @Test
  void a_long_text_is_read_as_a_short_one_is_wherever_its_pieces_end() {
    List<String> alone = Reading.values(everything());
    for (int lead = 1500; lead < 2200; lead += 13) {
      String text = "- ".repeat(lead / 2) + "\n\n" + everything();
      assertThat(Reading.values(text)).isEqualTo(alone);
    }
  }

  private static String everything() {
    return "Mei (mei@orchard-labs.com, +44 20 7946 0958) pays with card 4539 1488 0343 6467 from "
        + "81.16.56.92; IBAN DE89 3704 0044 0532 0130 00, SSN 536-22-8145.\nDB_PASSWORD=tR9w!qLz7Xk\n"
        + Made.pem("RSA PRIVATE KEY", 7)
        + "\ntoken "
        + Made.jwt(8)
        + "\n"
        + Made.github("ghs_", 9)
        + " end";
  }

  @Test
  void a_budget_that_is_spent_ends_the_reading_and_keeps_what_was_found() {
    String text = (everything() + "\n").repeat(400);
    int all = Reading.of(text).size();
    List<Finding> none = new ArrayList<>();
    InspectionBudget spent = InspectionBudget.until(0, () -> 1);
    Reading.STANDARD.detect(SegmentReading.asItStands(Reading.segment(text)), spent, none::add);
    assertThat(none).isEmpty();
    AtomicInteger asked = new AtomicInteger();
    List<Finding> some = new ArrayList<>();
    InspectionBudget short_ = InspectionBudget.until(300, asked::incrementAndGet);
    Reading.STANDARD.detect(SegmentReading.asItStands(Reading.segment(text)), short_, some::add);
    assertThat(some.size()).isBetween(1, all - 1);
    assertThat(asked.get()).isLessThan(400);
  }

  static Stream<String> hostile() {
    return SensitiveBench.hostile().values().stream();
  }

  /** Not a measurement ({@link SensitiveBench} is): that no loop goes on without asking. */
  @ParameterizedTest
  @MethodSource("hostile")
  void a_text_made_to_be_slow_is_left_soon_after_the_budget_is_spent(String text) {
    String part = text.substring(0, 64 * 1024);
    AtomicInteger asked = new AtomicInteger();
    InspectionBudget few = InspectionBudget.until(12, asked::incrementAndGet);
    Reading.STANDARD.detect(SegmentReading.asItStands(Reading.segment(part)), few, finding -> {});
    assertThat(asked.get()).isBetween(12, 18);
  }

  @Property(tries = 300, seed = "44")
  void any_text_is_read_and_findings_lie_in_it_in_order(
      @ForAll @Size(max = 40) List<Integer> choices) {
    StringBuilder text = new StringBuilder();
    for (int choice : choices) {
      text.append(PIECES.get(Math.floorMod(choice, PIECES.size())));
    }
    List<Finding> findings = Reading.of(EXAMPLES_TOO, text.toString());
    int length = text.codePointCount(0, text.length());
    assertThat(findings)
        .allMatch(f -> f.start() >= 0 && f.start() < f.end() && f.end() <= length)
        .isSortedAccordingTo(Comparator.comparingInt(Finding::start));
    for (int i = 1; i < findings.size(); i++) {
      assertThat(findings.get(i).start()).isGreaterThanOrEqualTo(findings.get(i - 1).end());
    }
  }

  private static final SensitiveDetector EXAMPLES_TOO =
      new SensitiveDetector(
          SensitiveSettings.standard().examples(SensitiveSettings.Examples.REPORTED));

  private static final List<String> PIECES =
      List.of(
          "a",
          "@",
          ".",
          "-",
          " ",
          "\n",
          "7",
          "12",
          "3456",
          ":",
          "/",
          "\"",
          "'",
          "\\",
          "=",
          "+",
          "(",
          ")",
          "😀",
          "é",
          "中",
          "password",
          "token",
          "key",
          "sk-",
          "AKIA",
          "ghp_",
          "eyJ",
          "iban ",
          "DE89",
          "phone ",
          "-----BEGIN ",
          "PRIVATE KEY-----",
          "-----END ",
          "://",
          "Bearer ",
          "0x",
          "www.x.de",
          "mei@x.de",
          "10.0.0.1",
          "::1",
          "fe80::",
          "536-22-8145",
          "4539 1488 0343 6467",
          "{",
          "}",
          "<",
          ">",
          "%3D",
          "xoxb-",
          "born ",
          "1985",
          "March ");

  @Test
  void the_catalogue_holds_what_is_promised() {
    List<SensitiveKind> kinds = SensitiveKinds.all();
    assertThat(kinds).extracting(SensitiveKind::id).doesNotHaveDuplicates();
    assertThat(kinds).allMatch(k -> k.id().matches("[a-z][a-z0-9_]*"));
    assertThat(kinds.stream().filter(k -> k.type() == FindingType.SECRET_LEAKAGE))
        .hasSizeGreaterThan(140);
    assertThat(kinds.stream().filter(k -> k.type() == FindingType.PII_DETECTED))
        .hasSizeGreaterThan(65);
    assertThat(kinds.stream().map(SensitiveKind::country).filter(c -> !c.isEmpty()).distinct())
        .hasSizeGreaterThan(35);
    assertThat(kinds.stream().filter(k -> !k.onByDefault()).map(SensitiveKind::id))
        .containsExactlyInAnyOrder(
            "person_name", "postal_address", "mac_address", "geo_coordinates", "licence_plate");
  }

  @Test
  void settings_name_every_mistake() {
    SensitiveSettings standard = SensitiveSettings.standard();
    assertThatThrownBy(() -> standard.with("e_mail", "iban", "ibann"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("no kind 'e_mail'; no kind 'ibann'");
    assertThatThrownBy(() -> standard.in("DE", "QQ"))
        .hasMessage("no country 'QQ' in ISO 3166-1 alpha-2");
    SensitiveDetector mailOff = new SensitiveDetector(standard.without("email"));
    assertThat(Reading.of(mailOff, "write to mei@orchard-labs.com")).isEmpty();
  }
}
