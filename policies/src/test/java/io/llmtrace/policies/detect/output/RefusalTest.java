package io.llmtrace.policies.detect.output;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmtrace.policies.exchange.AnswerReader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RefusalTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "I'm sorry, but I can't help with that.",
        "I can’t assist with that request.",
        "I cannot provide instructions for making weapons.",
        "Sorry, I'm not able to help you with this.",
        "I must decline to answer that.",
        "As an AI language model, I cannot have opinions on that.",
        "I won't create content that harms people.",
        "Unfortunately, I am unable to comply with this request.",
        "Es tut mir leid, aber dabei kann ich Ihnen nicht helfen.",
        "Leider kann ich dir bei dieser Anfrage nicht helfen.",
        "Je suis désolé, mais je ne peux pas vous aider avec cela.",
        "Lo siento, pero no puedo ayudarte con eso.",
        "Desculpe, mas não posso ajudar com isso.",
        "Mi dispiace, ma non posso aiutarti con questa richiesta.",
        "Het spijt me, maar ik kan je daar niet mee helpen.",
        "Przykro mi, ale nie mogę pomóc w tej sprawie.",
        "Извините, но я не могу помочь с этим.",
        "Üzgünüm, bu konuda yardımcı olamam.",
        "抱歉，我无法协助完成这个请求。",
        "我不能提供这类信息。",
        "申し訳ありませんが、そのご要望にはお答えできません。",
        "죄송하지만 그 요청은 도와드릴 수 없습니다.",
        "عذرًا، لا يمكنني المساعدة في ذلك.",
        "क्षमा करें, मैं इसमें मदद नहीं कर सकता।"
      })
  void a_refusal_is_recognised_in_many_languages(String text) {
    assertThat(refusal(text)).isEqualTo(Refusal.BY_MODEL);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Sure, here is how it works.",
        "I'm sorry to hear that. Here is what you can do:",
        "Sorry for the delay! The order has been sent.",
        "I can't help but admire this question.",
        "I cannot recommend this book enough.",
        "You can't help with that; ask a lawyer instead.",
        "The server cannot provide the file, because it was moved.",
        "Leider ist der Laden heute geschlossen.",
        "Lo siento por la demora. Aquí está la respuesta.",
        "Я не могу найти ключи, сказала она.",
        "抱歉久等了，这是您要的结果。",
        "I will provide a summary: the company refused to comply with the order."
      })
  void what_only_regrets_is_none(String text) {
    assertThat(refusal(text)).isEqualTo(Refusal.NONE);
  }

  @Test
  void an_answer_before_it_counts() {
    assertThat(
            refusal("Here are the steps. ".repeat(30) + "I'm sorry, but I can't help with that."))
        .isEqualTo(Refusal.NONE);
  }

  @Test
  void a_provider_that_refused_is_believed() {
    assertThat(
            Refusal.of(
                AnswerReader.read(
                    "{\"choices\":[{\"finish_reason\":\"content_filter\",\"message\":{\"content\":\"x\"}}]}")))
        .isEqualTo(Refusal.BY_PROVIDER);
  }

  @Test
  void a_model_that_acts_does_not_refuse() {
    assertThat(
            Refusal.of(
                AnswerReader.read(
                    "{\"choices\":[{\"message\":{\"content\":\"I can't help with that directly.\","
                        + "\"tool_calls\":[{\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}]}}]}")))
        .isEqualTo(Refusal.NONE);
  }

  private static Refusal refusal(String text) {
    return Refusal.of(AnswerReader.read(text));
  }
}
