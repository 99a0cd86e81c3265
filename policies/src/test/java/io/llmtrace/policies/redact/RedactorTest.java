package io.llmtrace.policies.redact;

import static io.llmtrace.policies.redact.Spots.body;
import static io.llmtrace.policies.redact.Spots.finding;
import static io.llmtrace.policies.redact.Spots.redact;
import static io.llmtrace.policies.redact.Spots.segment;
import static io.llmtrace.policies.redact.Spots.spot;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_16LE;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.llmtrace.policies.detect.InspectionBudget;
import io.llmtrace.policies.exchange.ExchangeReader;
import io.llmtrace.policies.exchange.RequestContent;
import io.llmtrace.policies.exchange.Segment;
import io.llmtrace.policies.exchange.UnreadableBodyException;
import io.llmtrace.policies.redact.Redaction.Reason;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RedactorTest {
  private static final Segment MAIL = segment("/a", "to ada@b.org");

  @Test
  void the_rest_of_a_body_stays_byte_for_byte() {
    String raw =
        "\uFEFF{ \"n\" : 1.50e+1,\r\n\t\"\\u0061\":\"to \\u0061da@b.org\" , \"x\\/y\":null}";
    assertThat(body(redact(raw, List.of(MAIL), spot("email", MAIL, "ada@b.org"))))
        .isEqualTo("\uFEFF{ \"n\" : 1.50e+1,\r\n\t\"\\u0061\":\"to [EMAIL_1]\" , \"x\\/y\":null}");
  }

  @Test
  void code_points_are_counted_and_not_characters_or_bytes() {
    Segment text = segment("/0", "😀é中 ada@b.org 😀");
    String raw = "[\"\\ud83D\\uDe00é中 ada@b.org 😀\"]";
    assertThat(body(redact(raw, List.of(text), spot("email", text, "ada@b.org"))))
        .isEqualTo("[\"\\ud83D\\uDe00é中 [EMAIL_1] 😀\"]");
  }

  @Test
  void the_same_value_has_the_same_placeholder_however_it_is_spelled() {
    Segment a = segment("/0", "ada@b.org");
    Segment b = segment("/1", "eve@b.org and ada@b.org");
    String raw = "[\"ada\\u0040b.org\",\"eve@b.org and ada@b.org\"]";
    Redaction done =
        redact(
            raw,
            List.of(b, a),
            spot("email", b, "eve@b.org"),
            spot("email", b, "ada@b.org"),
            spot("email", a, "ada@b.org"));
    assertThat(body(done)).isEqualTo("[\"[EMAIL_1]\",\"[EMAIL_2] and [EMAIL_1]\"]");
    assertThat(((Redaction.Redacted) done).count()).isEqualTo(3);
    assertThat(((Redaction.Redacted) done).values())
        .isEqualTo(Map.of("[EMAIL_1]", "ada@b.org", "[EMAIL_2]", "eve@b.org"));
  }

  @Test
  void spans_that_overlap_or_touch_are_one_of_the_kind_of_the_longest() {
    Segment text = segment("/a", "0123456789");
    assertThat(
            body(
                redact(
                    "{\"a\":\"0123456789\"}",
                    List.of(text),
                    finding("phone", "/a", 5, 8),
                    finding("credit_card", "/a", 1, 5),
                    finding("iban", "/a", 2, 4))))
        .isEqualTo("{\"a\":\"0[CREDIT_CARD_1]89\"}");
  }

  @Test
  void a_placeholder_that_the_client_wrote_is_not_given_to_a_value() {
    Segment text = segment("/a", "[EMAIL_1] [EMAIL_3] [EMAIL_02] ada@b.org eve@b.org");
    assertThat(
            body(
                redact(
                    "{\"a\":\"" + text.text() + "\"}",
                    List.of(text),
                    spot("email", text, "ada@b.org"),
                    spot("email", text, "eve@b.org"))))
        .isEqualTo("{\"a\":\"[EMAIL_1] [EMAIL_3] [EMAIL_02] [EMAIL_2] [EMAIL_4]\"}");
  }

  @Test
  void the_name_of_a_field_is_redacted_where_it_is_the_text() {
    Segment name = segment("/mail ada@b.org~1x", "mail ada@b.org/x");
    assertThat(
            body(
                redact(
                    "{\"mail ada@b.org/x\":7}", List.of(name), spot("email", name, "ada@b.org"))))
        .isEqualTo("{\"mail [EMAIL_1]/x\":7}");
  }

  @Test
  void a_span_that_fits_in_the_name_and_in_the_value_is_replaced_in_both() {
    Segment name = segment("/to ada", "to ada");
    Segment value = segment("/to ada", "of eve");
    assertThat(
            body(
                redact(
                    "{\"to ada\":\"of eve\"}",
                    List.of(name, value),
                    finding("person_name", "/to ada", 3, 6))))
        .isEqualTo("{\"to [PERSON_NAME_1]\":\"of [PERSON_NAME_2]\"}");
  }

  @Test
  void arguments_of_a_tool_stay_json_and_a_number_becomes_a_string() {
    Segment args =
        segment("/args", "{\"to\":\"a\\u0040b.org\",\"card\": 4111111111111111,\"n\":1}");
    String raw =
        "{\"args\":\"{\\\"to\\\":\\\"a\\\\u0040b.org\\\",\\\"card\\\": 4111111111111111,\\\"n\\\":1}\"}";
    // The first span begins in the middle of the inner escape.
    assertThat(
            body(
                redact(
                    raw,
                    List.of(args),
                    spot("email", args, "0040b.org"),
                    spot("credit_card", args, "4111111111111111"))))
        .isEqualTo(
            "{\"args\":\"{\\\"to\\\":\\\"a[EMAIL_1]\\\",\\\"card\\\": \\\"[CREDIT_CARD_1]\\\",\\\"n\\\":1}\"}");
  }

  @Test
  void a_span_across_the_structure_of_inner_json_takes_the_texts_and_leaves_the_structure() {
    Segment args = segment("/a", "{\"x\":\"12 34\",\"y\":[\"56\",true]}");
    assertThat(
            body(
                redact(
                    "{\"a\":\"{\\\"x\\\":\\\"12 34\\\",\\\"y\\\":[\\\"56\\\",true]}\"}",
                    List.of(args),
                    spot("phone", args, "34\",\"y\":[\"56\",tr"))))
        .isEqualTo(
            "{\"a\":\"{\\\"x\\\":\\\"12 [PHONE_1]\\\",\\\"[PHONE_2]\\\":[\\\"[PHONE_3]\\\",true]}\"}");
  }

  @Test
  void each_value_of_a_doubled_key_is_redacted() throws UnreadableBodyException {
    String raw = "{\"a\":\"ada@b.org or\",\"a\":\"nobody, eve@b.org\",\"n\":4111111111111111}";
    List<Segment> segments =
        ExchangeReader.read(new RequestContent("POST", "/", Map.of(), raw.getBytes(UTF_8)), null)
            .segments();
    Segment whole = segments.stream().filter(s -> s.pointer().isEmpty()).findFirst().orElseThrow();
    Segment last =
        segments.stream().filter(s -> s.pointer().equals("/a")).findFirst().orElseThrow();
    assertThat(
            body(
                redact(
                    raw,
                    segments,
                    spot("email", whole, "ada@b.org"),
                    spot("email", whole, "eve@b.org"),
                    spot("credit_card", whole, "4111111111111111"),
                    spot("email", last, "eve@b.org"))))
        .isEqualTo(
            "{\"a\":\"[EMAIL_1] or\",\"a\":\"nobody, [EMAIL_2]\",\"n\":\"[CREDIT_CARD_1]\"}");
  }

  @Test
  void a_body_that_is_plain_text_is_redacted_as_it_is() {
    Segment text = segment("", "[INST] {mail} \"ada@b.org\" [/INST]");
    assertThat(body(redact(text.text(), List.of(text), spot("email", text, "ada@b.org"))))
        .isEqualTo("[INST] {mail} \"[EMAIL_1]\" [/INST]");
  }

  @Test
  void damaged_json_is_refused_because_nobody_knows_how_it_will_be_read() {
    Segment text = segment("", "{\"a\":\"ada@b.org\",}");
    assertThat(redact(text.text(), List.of(text), spot("email", text, "ada@b.org")))
        .isEqualTo(new Redaction.Refused(Reason.UNPARSABLE));
  }

  @Test
  void json_in_another_encoding_is_refused() {
    byte[] wide = "{\"a\":\"to ada@b.org\"}".getBytes(UTF_16LE);
    assertThat(attempt(wide, 1 << 20)).isEqualTo(new Redaction.Refused(Reason.ENCODING));
    byte[] latin = "{\"ä\":1,\"a\":\"to ada@b.org\"}".getBytes(ISO_8859_1);
    assertThat(attempt(latin, 1 << 20)).isEqualTo(new Redaction.Refused(Reason.ENCODING));
  }

  @Test
  void a_text_that_does_not_stand_where_it_was_read_is_refused() {
    Redaction.Refused notLocated = new Redaction.Refused(Reason.NOT_LOCATED);
    assertThat(redact("{\"a\":\"to eve\"}", List.of(MAIL), spot("email", MAIL, "ada@b.org")))
        .isEqualTo(notLocated);
    assertThat(redact("{\"b\":\"to ada@b.org\"}", List.of(MAIL), spot("email", MAIL, "ada")))
        .isEqualTo(notLocated);
    assertThat(redact("{\"a\":\"to ada@b.org\"}", List.of(MAIL), finding("email", "/b", 0, 1)))
        .isEqualTo(notLocated);
    assertThat(redact("{\"a\":\"to ada@b.org\"}", List.of(MAIL), finding("email", "/a", 3, 99)))
        .isEqualTo(notLocated);
  }

  @Test
  void a_finding_without_a_span_is_refused() {
    assertThat(redact("{\"a\":\"to ada@b.org\"}", List.of(MAIL), finding("email", "/a", 0, 0)))
        .isEqualTo(new Redaction.Refused(Reason.NO_SPAN));
  }

  @Test
  void a_body_that_would_grow_too_long_is_refused() {
    byte[] raw = "{\"a\":\"to ada@b.org\"}".getBytes(UTF_8);
    assertThat(attempt(raw, 10)).isEqualTo(new Redaction.Refused(Reason.TOO_LARGE));
  }

  @Test
  void what_a_placeholder_stands_for_is_not_shown_by_accident() {
    Redaction done =
        redact("{\"a\":\"to ada@b.org\"}", List.of(MAIL), spot("email", MAIL, "ada@b.org"));
    assertThat(done.toString()).doesNotContain("ada");
    assertThat(new Numbering.Value("EMAIL", "ada@b.org").toString()).doesNotContain("ada");
  }

  private static Redaction attempt(byte[] body, int mostBytes) {
    return Redactor.redact(
        body,
        List.of(MAIL),
        List.of(spot("email", MAIL, "ada@b.org")),
        Numbering.fresh(List.of()),
        mostBytes,
        InspectionBudget.unlimited());
  }
}
