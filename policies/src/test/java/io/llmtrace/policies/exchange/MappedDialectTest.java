package io.llmtrace.policies.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmtrace.policies.json.WireJson;
import java.nio.charset.StandardCharsets;
import java.util.List;
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

  private static final Map<String, String> HOST = Map.of("host", "api.acme.example");

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
    Exchange exchange = ExchangeReader.read(request, null, Dialects.with(List.of(acme)));
    assertThat(exchange.api()).isSameAs(acme);
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
    assertThat(response(whole, 200))
        .isEqualTo(new ResponseSummary("a-1b", new Usage(9, 3, 2, 0, 0), "done", null, false));

    String lines =
        "{\"say\":\"Shelf\"}\n{\"say\":\" 4.\",\"use\":{\"with\":\"{}\"}}\n{\"last\":true}\n";
    Answer answer = AnswerReader.read(acme(), lines);
    assertThat(answer.truncated()).isFalse();
    assertThat(answer.segments())
        .extracting(s -> s.zone() + " " + s.pointer() + " " + s.text())
        .containsExactly("ASSISTANT /say Shelf 4.", "TOOL_CALL /use/with {}");
    assertThat(response(lines.substring(0, 40), 200).errorReason()).isEqualTo("broken_stream");
  }

  @Test
  void a_blocked_client_gets_the_mapped_error() throws Exception {
    BlockNotice notice = new BlockNotice(Caller.of(acme()), "01ARY", "jailbreak\"");
    BlockAnswer answer = acme().error(400, notice);
    JsonNode body = WireJson.mapper().readTree(answer.body());
    assertThat(answer.status()).isEqualTo(422);
    assertThat(body.path("fault").asText()).isEqualTo(notice.message());
    assertThat(body.path("ref").asText()).isEqualTo("01ARY");
    assertThat(acme().error(403, notice).status()).isEqualTo(403);
  }

  @Test
  void a_request_is_recognised_by_path_and_host_before_any_dialect_of_the_product() {
    Dialects known = Dialects.with(List.of(acme()));
    assertThat(detected(known, "/acme/v1/ask", "api.acme.example")).isEqualTo("acme");
    assertThat(detected(known, "/acme/v1/ask?x=1", "API.acme.example:443")).isEqualTo("acme");
    assertThat(detected(known, "/acme/v1/ask", "other.example")).isEqualTo("generic_json");
    assertThat(detected(known, "/else", "api.acme.example")).isEqualTo("generic_json");
    assertThat(detected(only("paths: /chat/completions"), "/v1/chat/completions", "x"))
        .isEqualTo("own");
    assertThat(detected(only("hosts: Only.Example"), "/any", "only.example")).isEqualTo("own");
    assertThat(detected(only("provider: p"), "/v1/chat/completions", "x"))
        .as("without paths and hosts only a route asks for it")
        .isEqualTo("openai_chat");
  }

  @Test
  void a_route_can_ask_for_every_dialect_but_the_one_that_stands_for_mappings() {
    Dialects known = Dialects.with(List.of(acme()));
    assertThat(known.find("acme")).contains(known.detect("POST", "/acme/v1/ask", HOST));
    assertThat(known.find("openai_chat")).contains(Dialect.OPENAI_CHAT);
    assertThat(known.find("mapped")).isEmpty();
    assertThat(known.find("acne")).isEmpty();
    assertThat(known.labels()).contains("acme", "gemini").doesNotContain("mapped");
    assertThat(Dialects.provider(acme(), "POST", "/x", Map.of("host", "api.openai.com")))
        .isEqualTo("acme_cloud");
  }

  @Test
  void of_several_pointers_the_first_that_is_there_counts() throws Exception {
    MappedDialect api =
        MappedDialect.read(
                """
                - name: own
                  request:
                    max_tokens: [/limits/most, /most]
                    segments: [{zone: user, pointer: [/q, /question]}]
                  answer:
                    end: /last
                    usage: {prompt: [/count/in, /meta/count/in], completion: /out}
                """)
            .get(0);
    RequestContent request =
        request("x", "/x", "{\"most\":9,\"question\":\"Why?\",\"max_tokens\":77}");
    Exchange exchange = ExchangeReader.read(request, api);
    assertThat(exchange.maxTokens()).isEqualTo(9);
    assertThat(exchange.segments()).extracting(Segment::pointer).contains("/question");
    assertThat(exchange.provider()).isEqualTo("own");
    String stream =
        "data: {\"meta\":{\"count\":{\"in\":4}},\"last\":false}\n\ndata: {\"out\":2,\"last\":%s}\n\n";
    ResponseSummary ended = ResponseReader.read(api, stream.formatted("true"), 200);
    assertThat(ended.usage()).isEqualTo(new Usage(4, 2));
    assertThat(ended.truncated()).isFalse();
    assertThat(ResponseReader.read(api, stream.formatted("false"), 200).errorReason())
        .as("an end that is denied is none")
        .isEqualTo("broken_stream");
  }

  @Test
  void every_problem_is_named_with_its_line_and_key() {
    assertThat(
            problems(
                """
            - name: openai_chat
              provider: Acme Cloud
              paths: [v1/ask]
              hosts: ["https://acme.example"]
              request:
                modle: /m
                stream: /a/*/b
                segments: [{zone: planet, pointer: turns}]
              answer: {stream_format: tape}
              block: {status: 429, body: 'not json'}
            - name: Second One
            - name: third
              request: {segments: [{zone: user, pointer: /q}], model: {}}
              request: {}
            - name: third
              request: {segments: [{zone: user, pointer: /q}]}
            - plain
            """))
        .containsExactlyInAnyOrder(
            "line 1: [0].name: expected a name of its own, 'openai_chat' is a dialect of the product",
            "line 2: [0].provider: expected a name of at most 40 lower-case letters, digits and _,"
                + " since metrics carry it",
            "line 3: [0].paths[0]: expected the end of a path, beginning with / and without a query",
            "line 4: [0].hosts[0]: expected a host name without scheme and port, such as"
                + " api.example.com",
            "line 6: [0].request.modle: unknown key, expected one of max_tokens, model, segments,"
                + " stream, tools, uninspected",
            "line 7: [0].request.stream: expected a JSON Pointer to one value, without *, such as"
                + " /options/stream, or a list of them",
            "line 8: [0].request.segments[0].zone: expected one of system, user, assistant,"
                + " tool_call, tool_result, document, metadata",
            "line 8: [0].request.segments[0].pointer: expected a JSON Pointer, with * for every"
                + " element, such as /turns/*/text",
            "line 8: [0].request.segments: expected one or more of zone and pointer",
            "line 9: [0].answer.stream_format: expected sse, ndjson or json",
            "line 10: [0].block.status: expected a status from 200 to 499 that clients do not retry",
            "line 10: [0].block.body: expected JSON with ${message} inside of strings",
            "line 11: [1].name: expected a name of at most 40 lower-case letters, digits and _, was"
                + " \"Second One\"",
            "line 11: [1].request.segments: expected one or more of zone and pointer",
            "line 13: [2].request.model: expected a JSON Pointer to one value, without *, such as"
                + " /options/stream, or a list of them",
            "line 14: [2].request: expected once, was already given on line 13",
            "line 15: [3].name: expected different names, 'third' is also on line 12",
            "line 17: [4]: expected keys and values");
    assertThat(problems("- name: [\n")).singleElement().asString().contains("expected YAML, but");
    assertThat(problems("name: acme"))
        .containsExactly("line 1: expected a list of 1 to 100 mappings, each with a name");
    assertThat(problems(""))
        .containsExactly("line 1: expected a list of 1 to 100 mappings, each with a name");
  }

  private static List<String> problems(String yaml) {
    try {
      MappedDialect.read(yaml);
      throw new AssertionError("nothing wrong was found");
    } catch (MappingException e) {
      return e.problems().stream().map(MappingException.Problem::toString).toList();
    }
  }

  private static String detected(Dialects known, String path, String host) {
    return known.detect("POST", path, Map.of("host", host)).label();
  }

  private static Dialects only(String how) {
    String yaml =
        "- name: own\n  %s\n  request: {segments: [{zone: user, pointer: /q}]}\n".formatted(how);
    return Dialects.with(MappedDialect.read(yaml));
  }

  private static ResponseSummary response(String body, int status) {
    return ResponseReader.read(acme(), body, status);
  }

  private static MappedDialect acme() {
    return MappedDialect.read(YAML).get(0);
  }

  private static RequestContent request(String host, String path, String body) {
    return new RequestContent(
        "POST", path, Map.of("host", host), body.getBytes(StandardCharsets.UTF_8));
  }
}
