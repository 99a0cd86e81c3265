package io.llmtrace.policies.exchange;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmtrace.policies.wire.WireJson;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.junit.jupiter.api.Test;

class MappedDialectTest {
  private static final String YAML =
      """
      - name: acme
        provider: acme_cloud
        paths: [/acme/v1/ask]
        hosts: [api.acme.example]
        request:
          model: /engine/name
          stream: /engine/live
          segments:
            - {zone: system, pointer: /rules}
            - {zone: user, pointer: /turns/*/say}
            - {zone: document, pointer: /papers}
          tools: [/gadgets/*/name]
          uninspected: [/turns/*/picture]
        answer:
          stream_format: ndjson
          model: /engine
          finish_reason: /why
          end: /last
          segments:
            - {zone: assistant, pointer: /say}
            - {zone: tool_call, pointer: /use/with}
          usage: {prompt: /count/in, completion: /count/out, cached: /count/kept}
        block:
          status: 422
          body: '{"fault": "${message}", "ref": "${decision_id}"}'
      """;

  private static final String BODY =
      """
      {"engine":{"name":"a-1","live":true},"rules":"Be brief.","papers":{"a":["Shelf 4."]},
       "turns":[{"say":"Hello","picture":"iVBORw0KGgo=","mood":"a bit sad"},{"say":["Where","is it?"]}],
       "gadgets":[{"name":"find","does":"Finds a book."}],"id":"r-1"}
      """;

  @Test
  void a_request_is_read_at_the_mapped_places_and_everywhere_else_as_strings() throws Exception {
    MappedDialect acme = acme();
    RequestContent request = request("api.acme.example:443", "/acme/v1/ask", BODY);
    assertThat(acme.matches(request)).isTrue();
    assertThat(acme.matches(request("other.example", "/acme/v1/ask", BODY))).isFalse();
    assertThat(acme.matches(request("api.acme.example", "/else", BODY))).isFalse();

    Exchange exchange = acme.request(request);
    assertThat(exchange.dialect()).isEqualTo(Dialect.MAPPED);
    assertThat(exchange.provider()).isEqualTo("acme_cloud");
    assertThat(exchange.model()).isEqualTo("a-1");
    assertThat(exchange.stream()).isTrue();
    assertThat(exchange.tools()).containsExactly("find");
    assertThat(exchange.uninspectedParts()).isOne();
    assertThat(exchange.segments())
        .extracting(s -> s.zone() + " " + s.pointer() + " " + s.text())
        .containsExactly(
            "USER /engine/name a-1",
            "SYSTEM /rules Be brief.",
            "DOCUMENT /papers/a/0 Shelf 4.",
            "USER /turns/0/say Hello",
            "USER /turns/0/mood a bit sad",
            "USER /turns/1/say/0 Where",
            "USER /turns/1/say/1 is it?",
            "USER /gadgets/0/does Finds a book.");
  }

  @Test
  void an_answer_is_read_whole_and_streamed() {
    String whole =
        "{\"engine\":\"a-1b\",\"say\":\"Shelf 4.\",\"why\":\"done\",\"last\":true,"
            + "\"count\":{\"in\":9,\"out\":3,\"kept\":2}}";
    assertThat(acme().response(whole, 200))
        .isEqualTo(new ResponseSummary("a-1b", new Usage(9, 3, 2, 0, 0), "done", null, false));

    String lines =
        "{\"say\":\"Shelf\"}\n{\"say\":\" 4.\",\"use\":{\"with\":\"{}\"}}\n{\"last\":true}\n";
    Answer answer = acme().answer(lines);
    assertThat(answer.truncated()).isFalse();
    assertThat(answer.segments())
        .extracting(s -> s.zone() + " " + s.pointer() + " " + s.text())
        .containsExactly("ASSISTANT /say Shelf 4.", "TOOL_CALL /use/with {}");
    assertThat(acme().response(lines.substring(0, 40), 200).errorReason())
        .isEqualTo("broken_stream");
  }

  @Test
  void a_blocked_client_gets_the_mapped_error() throws Exception {
    BlockNotice notice = new BlockNotice(Caller.of(Dialect.MAPPED), "01ARY", "jailbreak\"");
    BlockAnswer answer = acme().error(400, notice);
    JsonNode body = WireJson.mapper().readTree(answer.body());
    assertThat(answer.status()).isEqualTo(422);
    assertThat(body.path("fault").asText()).isEqualTo(notice.message());
    assertThat(body.path("ref").asText()).isEqualTo("01ARY");
    assertThat(acme().error(403, notice).status()).isEqualTo(403);
  }

  @Test
  void every_problem_is_named_with_its_place() {
    assertThatThrownBy(
            () ->
                MappedDialect.read(
                    """
                    - name: openai_chat
                      paths: [v1/ask]
                      request:
                        modle: /m
                        stream: /a/*/b
                        segments: [{zone: planet, pointer: turns}]
                      answer: {stream_format: tape}
                      block: {status: 429, body: 'not json'}
                    - name: Second One
                    """))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("dialects[0].name: 'openai_chat' is a dialect of the product")
        .hasMessageContaining("dialects[0].paths: expected the ends of one path or more")
        .hasMessageContaining("dialects[0].request.modle: unknown key; known are model")
        .hasMessageContaining("dialects[0].request.stream: expected a JSON Pointer to one value")
        .hasMessageContaining("dialects[0].request.segments[0].zone: expected one of system, user")
        .hasMessageContaining("dialects[0].request.segments[0].pointer: expected a JSON Pointer")
        .hasMessageContaining("dialects[0].answer.stream_format: expected sse, ndjson or json")
        .hasMessageContaining("dialects[0].block.status: expected a status")
        .hasMessageContaining("dialects[0].block.body: expected JSON")
        .hasMessageContaining("dialects[1].name: expected a lower-case name");
    assertThatThrownBy(() -> MappedDialect.read("- name: [\n"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("expected YAML");
    assertThatThrownBy(() -> MappedDialect.read("name: acme"))
        .hasMessageContaining("dialects: expected a list");
  }

  private static MappedDialect acme() {
    return MappedDialect.read(YAML).get(0);
  }

  private static RequestContent request(String host, String path, String body) {
    return new RequestContent(
        "POST", path, Map.of("host", host), body.getBytes(StandardCharsets.UTF_8));
  }
}
