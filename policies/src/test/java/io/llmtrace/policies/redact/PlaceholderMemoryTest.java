package io.llmtrace.policies.redact;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.llmtrace.policies.exchange.Dialect;
import io.llmtrace.policies.exchange.Exchange;
import io.llmtrace.policies.exchange.Segment;
import io.llmtrace.policies.exchange.Zone;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

class PlaceholderMemoryTest {
  private static final byte[] KEY = new byte[16];
  private static final Exchange CHAT = chat("be kind", "hello");

  private Instant now = Instant.parse("2026-11-25T00:00:00Z");
  private final Clock clock =
      new Clock() {
        @Override
        public Instant instant() {
          return now;
        }

        @Override
        public ZoneOffset getZone() {
          return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(java.time.ZoneId zone) {
          return this;
        }
      };

  @Test
  void a_value_keeps_its_number_when_the_history_before_it_is_gone() {
    PlaceholderMemory memory = memory(10, 100);
    assertThat(numbers(memory, CHAT, "ada", "eve")).containsExactly(1, 2);
    assertThat(numbers(memory, CHAT, "eve", "joe")).containsExactly(2, 3);
  }

  @Test
  void another_conversation_consumer_or_tenant_begins_anew() {
    PlaceholderMemory memory = memory(10, 100);
    numbers(memory, CHAT, "ada");
    assertThat(numbers(memory, chat("be kind", "hello there"), "eve")).containsExactly(1);
    assertThat(numbers(memory, chat("be unkind", "hello"), "eve")).containsExactly(1);
    assertThat(memory.conversation("t", "other", "", CHAT).number(values("eve"), (k, n) -> false))
        .containsExactly(1);
    assertThat(memory.conversation("u", "c", "", CHAT).number(values("eve"), (k, n) -> false))
        .containsExactly(1);
    assertThat(memory.count()).isEqualTo(5);
  }

  @Test
  void an_id_of_the_client_holds_a_conversation_together_whatever_is_left_of_it() {
    PlaceholderMemory memory = memory(10, 100);
    memory.conversation("t", "c", "id", CHAT).number(values("ada"), (k, n) -> false);
    assertThat(
            memory
                .conversation("t", "c", "id", chat("", "later"))
                .number(values("eve"), (k, n) -> false))
        .containsExactly(2);
  }

  @Test
  void a_number_that_the_text_uses_is_left_out_and_kinds_are_counted_apart() {
    PlaceholderMemory memory = memory(10, 100);
    List<Integer> numbers =
        memory
            .conversation("t", "c", "", CHAT)
            .number(
                List.of(
                    new Numbering.Value("EMAIL", "ada"),
                    new Numbering.Value("PHONE", "ada"),
                    new Numbering.Value("EMAIL", "eve")),
                (kind, number) -> kind.equals("EMAIL") && number == 1);
    assertThat(numbers).containsExactly(2, 1, 3);
  }

  @Test
  void a_conversation_is_forgotten_two_hours_after_its_last_request() {
    PlaceholderMemory memory = memory(10, 100);
    numbers(memory, CHAT, "ada", "eve");
    now = now.plus(Duration.ofMinutes(119));
    assertThat(numbers(memory, CHAT, "eve")).containsExactly(2);
    now = now.plus(Duration.ofMinutes(121));
    assertThat(memory.count()).isZero();
    assertThat(memory.bytes()).isZero();
    assertThat(numbers(memory, CHAT, "eve")).containsExactly(1);
  }

  @Test
  void the_oldest_conversation_goes_where_there_are_too_many_or_too_many_values() {
    PlaceholderMemory few = memory(2, 100);
    PlaceholderMemory small = memory(100, 3);
    for (PlaceholderMemory memory : List.of(few, small)) {
      numbers(memory, chat("", "one"), "ada", "eve");
      numbers(memory, chat("", "two"), "ada");
      numbers(memory, chat("", "three"), "ada");
      assertThat(memory.count()).isEqualTo(2);
      assertThat(numbers(memory, chat("", "one"), "eve")).containsExactly(1);
    }
  }

  @Test
  void beyond_two_thousand_values_of_a_conversation_numbers_stay_apart() {
    PlaceholderMemory memory = memory(10, 1_000_000);
    String[] many = new String[2_500];
    for (int i = 0; i < many.length; i++) {
      many[i] = "v" + i;
    }
    assertThat(new HashSet<>(numbers(memory, CHAT, many))).hasSize(2_500);
    assertThat(numbers(memory, CHAT, "v7", "v2400")).containsExactly(8, 2_001);
  }

  @Test
  void threads_that_ask_at_once_get_the_same_number_for_the_same_value() throws Exception {
    PlaceholderMemory memory = memory(10, 100_000);
    ExecutorService threads = Executors.newFixedThreadPool(4);
    try {
      List<Callable<List<Integer>>> tasks = new ArrayList<>();
      for (int i = 0; i < 64; i++) {
        String[] both = i % 2 == 0 ? new String[] {"a", "b"} : new String[] {"b", "a"};
        boolean turned = i % 2 == 1;
        tasks.add(
            () -> {
              List<Integer> numbers = numbers(memory, CHAT, both);
              return turned ? List.of(numbers.get(1), numbers.get(0)) : numbers;
            });
      }
      HashSet<List<Integer>> seen = new HashSet<>();
      for (Future<List<Integer>> done : threads.invokeAll(tasks)) {
        seen.add(done.get());
      }
      assertThat(seen).hasSize(1);
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  void a_short_key_is_refused() {
    assertThatThrownBy(() -> new PlaceholderMemory(new byte[15]))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("16");
  }

  private PlaceholderMemory memory(int conversations, int values) {
    return new PlaceholderMemory(KEY, clock, conversations, values);
  }

  private static List<Integer> numbers(PlaceholderMemory memory, Exchange chat, String... texts) {
    return memory.conversation("t", "c", "", chat).number(values(texts), (kind, number) -> false);
  }

  private static List<Numbering.Value> values(String... texts) {
    List<Numbering.Value> values = new ArrayList<>();
    for (String text : texts) {
      values.add(new Numbering.Value("EMAIL", text));
    }
    return values;
  }

  private static Exchange chat(String system, String user) {
    return new Exchange(
        Dialect.OPENAI_CHAT,
        "openai",
        "m",
        false,
        List.of(
            new Segment(Zone.SYSTEM, "system", "/0", system),
            new Segment(Zone.USER, "user", "/1", user),
            new Segment(Zone.USER, "user", "/2", "more " + system.length() % 2)),
        List.of(),
        0);
  }
}
