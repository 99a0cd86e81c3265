package io.llmtrace.policies.detect.parse;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class RefusalsTest {
  private static final List<String> REFUSALS =
      List.of(
          "I can't help with that.",
          "I’m sorry, but I cannot assist with this request.",
          "We won't provide instructions for it.",
          "\u017forry, but I can\u2019t do that",
          "I am unable to comply.",
          "I must decline.",
          "That's not something I can do.",
          "As an AI language model, I am not able to say.",
          "Es tut mir leid, aber das kann ich nicht tun.",
          "Je ne peux pas vous aider.",
          "Lo siento, pero no puedo hacerlo.",
          "Não posso ajudar com isso.",
          "Non posso aiutarti.",
          "Het spijt me, maar dat kan ik niet doen.",
          "Nie mogę pomóc.",
          "Извините, я не могу помочь.",
          "Üzgünüm, bu konuda yardımcı olamam.",
          "很抱歉，我无法提供帮助。",
          "申し訳ありませんが、お手伝いできません。",
          "죄송하지만 도와드릴 수 없습니다.",
          "عذراً، لا أستطيع المساعدة.",
          "क्षमा करें, मैं यह नहीं कर सकता।");

  private static final List<String> ANSWERS =
      List.of(
          "Sure, here is the plan.",
          "The cannon can take two tons.",
          "You can't go wrong with this recipe.",
          "Das geht nicht immer, aber oft.",
          "");

  @Test
  void a_refusal_is_told_by_how_it_begins_in_many_languages() {
    assertThat(REFUSALS).allMatch(Refusals::isRefusal);
    assertThat(ANSWERS).noneMatch(Refusals::isRefusal);
  }

  @Test
  void looking_for_words_first_changes_no_answer() {
    Random random = new Random(7);
    List<String> pieces =
        java.util.stream.Stream.concat(REFUSALS.stream(), ANSWERS.stream())
            .flatMap(text -> java.util.Arrays.stream(text.split("(?<=[ ，、])")))
            .toList();
    int refused = 0;
    for (int i = 0; i < 20_000; i++) {
      StringBuilder text = new StringBuilder();
      if (random.nextBoolean()) {
        // A whole refusal with a letter changed here and there.
        text.append(REFUSALS.get(random.nextInt(REFUSALS.size())));
        for (int k = random.nextInt(3); k > 0; k--) {
          int at = random.nextInt(text.length());
          char c = text.charAt(at);
          text.setCharAt(
              at,
              random.nextBoolean()
                  ? Character.toUpperCase(c)
                  : "\u017f\u212a\n\t'x".charAt(random.nextInt(6)));
        }
      } else {
        for (int k = 1 + random.nextInt(8); k > 0; k--) {
          text.append(pieces.get(random.nextInt(pieces.size())));
        }
      }
      String answer = text.toString();
      boolean expected = Refusals.isRefusalByPatterns(answer);
      assertThat(Refusals.isRefusal(answer)).as(answer).isEqualTo(expected);
      refused += expected ? 1 : 0;
    }
    assertThat(refused).isBetween(3_000, 17_000);
  }
}
