package io.llmtrace.policies.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class ConversationsTest {
  private final Conversations conversations = new Conversations(new byte[32]);

  @Test
  void aLongerHistoryIsTheSameConversation() {
    String first = conversations.of("t", "c", "", exchange(system("Be kind."), user("Hello")));
    assertThat(first).matches("[0-9a-f]{32}");
    assertThat(
            conversations.of(
                "t",
                "c",
                "",
                exchange(
                    system("Be kind."),
                    user("Hello"),
                    new Segment(Zone.ASSISTANT, "assistant", "/2", "Hi."),
                    user("And now?"))))
        .isEqualTo(first);
  }

  @Test
  void anotherTenantConsumerPromptOrBeginningIsAnother() {
    Exchange exchange = exchange(system("Be kind."), user("Hello"));
    assertThat(
            List.of(
                conversations.of("t", "c", "", exchange),
                conversations.of("u", "c", "", exchange),
                conversations.of("t", "d", "", exchange),
                conversations.of("t", "c", "named", exchange),
                conversations.of("t", "c", "", exchange(system("Be kin"), user("d.Hello"))),
                conversations.of("t", "c", "", exchange(system("Be kind."), user("Hello!"))),
                conversations.of(
                    "t", "c", "", exchange(system("Be kind."), user("x".repeat(40_000)))),
                conversations.of(
                    "t", "c", "", exchange(system("Be kind."), user("x".repeat(40_001)))),
                new Conversations(new byte[] {1, 2}).of("t", "c", "", exchange)))
        .doesNotHaveDuplicates();
  }

  @Test
  void nodesOfAllVersionsNameAConversationAlike() {
    Exchange exchange = exchange(system("Be kind."), user("Grüße \uD83D\uDE00"));
    for (int i = 0; i < 2; i++) {
      assertThat(conversations.of("t", "c", "", exchange))
          .isEqualTo("040ed5c82e25b363e0667701852d5a8d");
    }
  }

  @Test
  void aNameOfTheClientIsEnoughAndWithoutAnythingOfTheUserNothingIsKnown() {
    assertThat(Conversations.tells("", exchange(system("Be kind.")))).isFalse();
    assertThat(Conversations.tells("", exchange(system("Be kind."), user("Hello")))).isTrue();
    assertThat(Conversations.tells("n", exchange())).isTrue();
    assertThat(conversations.of("t", "c", "n", exchange(user("Hello"))))
        .isEqualTo(conversations.of("t", "c", "n", exchange()))
        .hasSize(32);
  }

  private static Segment system(String text) {
    return new Segment(Zone.SYSTEM, "system", "/0", text);
  }

  private static Segment user(String text) {
    return new Segment(Zone.USER, "user", "/1", text);
  }

  private static Exchange exchange(Segment... segments) {
    return new Exchange(
        Dialect.OPENAI_CHAT, "openai", "m", false, List.of(segments), List.of(), 0, "");
  }
}
