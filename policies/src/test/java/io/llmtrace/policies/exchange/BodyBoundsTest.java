package io.llmtrace.policies.exchange;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_16BE;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.llmtrace.policies.json.BodyMemory;
import io.llmtrace.policies.json.TreeWeight;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.Charset;
import java.util.Map;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a body may take of the memory: counted, and not measured. */
class BodyBoundsTest {
  private static final int LONGEST = (16 << 20) - (64 << 10);
  private static final Map<String, String> GZIP = Map.of("content-encoding", "gzip");

  /** A budget that remembers the most that was held. */
  private static final class Counted implements BodyMemory {
    private final long limit;
    private long held;
    private long most;

    Counted(long limit) {
      this.limit = limit;
    }

    @Override
    public boolean grow(long bytes) {
      if (held + bytes > limit) {
        return false;
      }
      held += bytes;
      most = Math.max(most, held);
      return true;
    }

    @Override
    public void giveBack(long bytes) {
      held -= bytes;
    }

    @Override
    public void close() {
      held = 0;
    }
  }

  private final Counted memory = new Counted(Long.MAX_VALUE);

  @ParameterizedTest
  @ValueSource(strings = {"[],", "{},", "1,", "\"\",", "{\"a\":1},", "[[[]]],"})
  void a_body_of_many_small_parts_is_too_large(String part) {
    refused(filled(part), UTF_8, memory, "too_large");
    assertThat(memory.most).isBetween(TreeWeight.MOST_BYTES / 2, TreeWeight.MOST_BYTES);
  }

  @Test
  void neither_a_mark_nor_another_encoding_nor_damage_is_a_way_around() {
    refused("\uFEFF" + filled("[],"), UTF_8, memory, "too_large");
    memory.close();
    String half = filled("[],").substring(0, LONGEST / 2 - 2) + "]}";
    refused(half, UTF_16BE, memory, "too_large");
    memory.close();
    String open = filled("[],");
    refused(open.substring(0, open.length() - 2), UTF_8, memory, "too_large");
    assertThat(memory.most).isLessThanOrEqualTo(TreeWeight.MOST_BYTES);
  }

  @Test
  void places_with_long_names_count_as_often_as_they_are_told() {
    String names = "{\"messages\":[],\"" + "n".repeat(40_000) + "\":[" + "\"a\",".repeat(10_000);
    refused(names + "1]}", UTF_8, memory, "too_large");
    // The same elements where their places are short.
    assertThat(read("{\"messages\":[],\"n\":[" + "\"a\",".repeat(10_000) + "1]}").segments())
        .hasSize(10_000);
  }

  @Test
  void where_there_is_no_memory_for_it_that_is_the_reason() {
    Counted little = new Counted(4 << 20);
    String body = "{\"messages\":[" + "[],".repeat(500_000) + "1]}";
    refused(body, UTF_8, little, "memory");
    assertThat(little.most).isLessThanOrEqualTo(4 << 20);
    assertThat(read(body).segments()).isEmpty();
  }

  @Test
  void a_long_conversation_is_read_whole_and_takes_nothing_beside_its_bytes() {
    String message = "{\"role\":\"user\",\"content\":\"" + "word ".repeat(200) + "\"},";
    int count = LONGEST / message.length() - 1;
    String body = message.repeat(count);
    Exchange exchange =
        read("{\"messages\":[" + body.substring(0, body.length() - 1) + "]}", new Counted(0));
    assertThat(exchange.segments()).hasSize(count);
    assertThat(exchange.uninspectedParts()).isZero();
  }

  @Test
  void a_long_conversation_of_short_messages_is_read() {
    String message = "{\"role\":\"user\",\"content\":\"Go on, please.\"},";
    String body = message.repeat(50_000);
    assertThat(read("{\"messages\":[" + body.substring(0, body.length() - 1) + "]}").segments())
        .hasSize(50_000);
  }

  @Test
  void as_many_tokens_as_an_api_of_embeddings_takes_are_read() throws Exception {
    byte[] body = ("{\"input\":[[" + "1234,".repeat(299_999) + "1]]}").getBytes(UTF_8);
    RequestContent request = new RequestContent("POST", "/v1/embeddings", Map.of(), body);
    ExchangeReader.read(request, null, Dialects.builtIn(), () -> false, memory);
    assertThat(memory.most).isLessThan(16 << 20);
  }

  @Test
  void what_a_packed_body_unpacks_to_counts() throws Exception {
    BodyBytes bomb = BodyBytes.of(gzip(new byte[64 << 20]));
    assertThatThrownBy(() -> BodyText.decode(GZIP, bomb, memory))
        .isInstanceOfSatisfying(
            UnreadableBodyException.class, e -> assertThat(e.reason()).isEqualTo("too_large"));
    assertThat(memory.most).isBetween(16L << 20, (32L << 20) + 1);

    BodyBytes packed = BodyBytes.of(gzip("a".repeat(5 << 20).getBytes(UTF_8)));
    Counted enough = new Counted(32 << 20);
    assertThat(BodyText.decode(GZIP, packed, enough).length()).isEqualTo(5 << 20);
    assertThat(enough.held).isGreaterThanOrEqualTo(5 << 20);
    Counted little = new Counted(4 << 20);
    assertThatThrownBy(() -> BodyText.decode(GZIP, packed, little))
        .isInstanceOfSatisfying(
            UnreadableBodyException.class, e -> assertThat(e.reason()).isEqualTo("memory"));
    assertThat(little.most).isLessThanOrEqualTo(4 << 20);
  }

  @Test
  void the_longest_packed_body_is_read_whole() throws Exception {
    byte[] all = new byte[16 << 20];
    assertThat(BodyText.decode(GZIP, BodyBytes.of(gzip(all)), memory).length())
        .isEqualTo(all.length);
  }

  @Test
  void an_answer_of_many_small_parts_is_not_inspected_in_silence() {
    String answer = "{\"choices\":[" + "[],".repeat(2 << 20) + "1]}";
    assertThatThrownBy(() -> AnswerReader.read(null, answer, memory))
        .isInstanceOfSatisfying(
            UnreadableBodyException.class, e -> assertThat(e.reason()).isEqualTo("too_large"));
    assertThatThrownBy(() -> AnswerReader.read(null, answer, new Counted(1 << 20)))
        .isInstanceOfSatisfying(
            UnreadableBodyException.class, e -> assertThat(e.reason()).isEqualTo("memory"));
    assertThat(memory.most).isLessThanOrEqualTo(TreeWeight.MOST_BYTES);
    assertThat(AnswerReader.read(answer).uninspectedParts()).isEqualTo(1);
    assertThat(ResponseReader.read(null, answer, 200).truncated()).isTrue();
  }

  @Test
  void an_event_of_many_small_parts_costs_itself() {
    String heavy = "data: {\"choices\":[" + "[],".repeat(2 << 20) + "1]}\n\n";
    String said = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hello\"}}]}\n\n";
    Answer answer = AnswerReader.read(said + heavy + said);
    assertThat(answer.uninspectedParts()).isEqualTo(1);
    assertThat(answer.segments()).extracting(Segment::text).contains("HelloHello");
  }

  @Test
  void long_answers_take_little_or_nothing_beside_their_bytes() throws Exception {
    String event = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"word \"}}]}\n\n";
    Answer stream = AnswerReader.read(null, event.repeat(100_000), new Counted(0));
    assertThat(stream.segments()).hasSize(1);

    String numbers = "-0.006929283,".repeat(LONGEST / 13 - 10);
    String vectors = "{\"data\":[{\"embedding\":[" + numbers + "1]}]}";
    AnswerReader.read(null, vectors, memory);
    assertThat(memory.most).isLessThan(40 << 20);
  }

  private static String filled(String part) {
    String head = "{\"messages\":[";
    return head + part.repeat((LONGEST - head.length() - 3) / part.length()) + "1]}";
  }

  private static void refused(String body, Charset charset, BodyMemory memory, String reason) {
    byte[] bytes = body.getBytes(charset);
    assertThatThrownBy(() -> read(bytes, memory))
        .isInstanceOfSatisfying(
            UnreadableBodyException.class, e -> assertThat(e.reason()).isEqualTo(reason));
  }

  private Exchange read(String body) {
    return read(body, memory);
  }

  private static Exchange read(String body, BodyMemory memory) {
    try {
      return read(body.getBytes(ISO_8859_1), memory);
    } catch (UnreadableBodyException e) {
      throw new AssertionError("not read: " + e.reason(), e);
    }
  }

  private static Exchange read(byte[] body, BodyMemory memory) throws UnreadableBodyException {
    return ExchangeReader.read(
        new RequestContent("POST", "/v1/chat/completions", Map.of(), body),
        null,
        Dialects.builtIn(),
        () -> false,
        memory);
  }

  private static byte[] gzip(byte[] bytes) throws IOException {
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    try (GZIPOutputStream out = new GZIPOutputStream(packed)) {
      out.write(bytes);
    }
    return packed.toByteArray();
  }
}
