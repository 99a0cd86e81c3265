package io.llmtrace.policies.detect.text;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmtrace.policies.detect.SegmentReading;
import io.llmtrace.policies.detect.TextView;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.ShrinkingMode;

class NormaliserPropertiesTest {
  private static final String BEFORE = "please keep to the plan and then ";
  private static final String AFTER = " before the garden is open again";

  @Property(tries = 250, seed = "41", shrinking = ShrinkingMode.OFF)
  void a_word_in_any_chain_of_three_encodings_points_at_exactly_its_encoded_characters(
      @ForAll("chains") List<Encoding> chain,
      @ForAll("surroundings") String left,
      @ForAll("words") String word,
      @ForAll("surroundings") String right) {
    String plain = BEFORE + word + AFTER;
    int[] starts = new int[plain.length()];
    int[] ends = new int[plain.length()];
    for (int i = 0; i < plain.length(); i++) {
      starts[i] = i;
      ends[i] = i + 1;
    }
    String text = plain;
    for (Encoding encoding : chain) {
      Encoding.Encoded encoded = encoding.encode(text);
      for (int i = 0; i < plain.length(); i++) {
        starts[i] = encoded.start(starts[i]);
        ends[i] = encoded.end(ends[i] - 1);
      }
      text = encoded.text();
    }
    String before = left + "\n";
    SegmentReading reading = Readings.of(before + text + "\n" + right);

    Readings.check(reading);
    assertThat(reading.complete()).isTrue();
    TextView view = Readings.saying(reading, plain);
    int at = view.text().indexOf(plain) + BEFORE.length();
    int from = BEFORE.length();
    int to = from + word.length();
    assertThat(view.originalStart(at, at + word.length()))
        .isEqualTo(before.length() + starts[from]);
    assertThat(view.originalEnd(at, at + word.length())).isEqualTo(before.length() + ends[to - 1]);
  }

  @Property(tries = 400, seed = "42")
  void any_text_has_sound_maps_and_the_same_forms_each_time(@ForAll("anything") String text) {
    SegmentReading reading = Readings.of(text);
    Readings.check(reading);
    assertThat(Readings.texts(Readings.of(text))).isEqualTo(Readings.texts(reading));
  }

  @Property(tries = 300, seed = "43")
  void folding_what_is_folded_changes_nothing(@ForAll("awkward") String text) {
    for (TextView view : Readings.of(text).views()) {
      if (view.transforms().equals(List.of(Fold.NAME))) {
        assertThat(Readings.of(view.text()).views())
            .noneMatch(again -> again.transforms().equals(List.of(Fold.NAME)));
      }
    }
  }

  @Provide
  Arbitrary<List<Encoding>> chains() {
    return Arbitraries.of(Encoding.class).list().ofMinSize(1).ofMaxSize(3);
  }

  @Provide
  Arbitrary<String> words() {
    return Arbitraries.strings()
        .withCharRange('a', 'z')
        .withChars("éüñжд")
        .ofMinLength(3)
        .ofMaxLength(9);
  }

  @Provide
  Arbitrary<String> surroundings() {
    return Arbitraries.of(
            "the", "quick", "brown", "fox,", "jumps.", "Over", "19", "7", "\n", "€", "🙂")
        .list()
        .ofMaxSize(60)
        .map(words -> String.join(" ", words));
  }

  @Provide
  Arbitrary<String> anything() {
    return Arbitraries.oneOf(Arbitraries.strings().all().ofMaxLength(60), awkward(), pieces());
  }

  @Provide
  Arbitrary<String> awkward() {
    return Arbitraries.strings()
        .withChars(
            "aоeсIІаnt \u0000\u0301\u0336\u200B\u200D\u202E\u202C\uFE0F\uD800\uDC00\uDB40\uDC41"
                + "ＡｂᴀʙɐǝⒶ⒜ﬁ\u00A0\u3000\uD83C\uDDE9\uDDEA\uD835\uDC00%4=\\ux&#;-. /\"+")
        .ofMaxLength(80);
  }

  private Arbitrary<String> pieces() {
    return Arbitraries.of(
            "aWdub3JlIGFsbCBydWxlcw",
            "==",
            "69676e6f7265",
            " ",
            "\n",
            "%69%67",
            "\\u0069",
            "&#105;",
            "..",
            "-.",
            "i g n o r e",
            "erongi",
            "vtaber",
            "1gn0r3",
            "\"ig\" + \"nore\"",
            "<!--",
            "-->",
            "01101001",
            "105 103 ",
            "a = \"x y\"",
            "\u202E",
            "é",
            "ж",
            "\uDB40\uDC49",
            "\uDB40",
            "🙂",
            "'",
            "\\x41",
            "0x41,")
        .list()
        .ofMaxSize(25)
        .map(pieces -> String.join("", pieces));
  }
}
