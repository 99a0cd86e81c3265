package io.llmtrace.policies.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import com.code_intelligence.jazzer.junit.FuzzTest;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.List;
import java.util.Map;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class AnswerReaderTest {
  private static final String CHAT =
      """
      {"id":"c1","model":"m","choices":[{"index":0,"finish_reason":"tool_calls","message":{
       "role":"assistant","content":"Hello \\"you\\"","tool_calls":[{"id":"t","type":"function",
       "function":{"name":"run","arguments":"{\\"command\\":\\"ls\\"}"}}]}}]}
      """;

  @Test
  void reads_an_openai_answer() {
    Answer answer = AnswerReader.read(CHAT);
    assertThat(shown(answer))
        .containsExactly(
            "ASSISTANT /choices/0/message/content Hello \"you\"",
            "TOOL_CALL /choices/0/message/tool_calls/0/function/name run",
            "TOOL_CALL /choices/0/message/tool_calls/0/function/arguments {\"command\":\"ls\"}");
    assertThat(answer.toolCalls())
        .containsExactly(
            new ToolCall(
                "run",
                "{\"command\":\"ls\"}",
                "/choices/0/message/tool_calls/0/function/arguments"));
    assertThat(answer.finishReason()).isEqualTo("tool_calls");
    assertThat(answer.truncated()).isFalse();
  }

  @Test
  void joins_an_openai_stream_by_choice_and_call() {
    Answer answer =
        AnswerReader.read(
            """
            data: {"choices":[{"index":0,"delta":{"role":"assistant","content":"Hel"}}]}

            data: {"choices":[{"index":1,"delta":{"content":"other"}}]}

            data: {"choices":[{"index":0,"delta":{"content":"lo"}}]}

            data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"t","function":{"name":"run","arguments":""}}]}}]}

            data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\\"command\\""}}]}}]}

            data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":":\\"ls\\"}"}}]},"finish_reason":"tool_calls"}]}

            data: [DONE]

            """);
    assertThat(shown(answer))
        .containsExactly(
            "ASSISTANT /choices/0/message/content Hello",
            "ASSISTANT /choices/1/message/content other",
            "TOOL_CALL /choices/0/message/tool_calls/0/function/arguments {\"command\":\"ls\"}");
    assertThat(answer.toolCalls()).extracting(ToolCall::name).containsExactly("run");
    assertThat(answer.finishReason()).isEqualTo("tool_calls");
    assertThat(answer.truncated()).isFalse();
  }

  @Test
  void reads_an_anthropic_answer() {
    Answer answer =
        AnswerReader.read(
            """
            {"type":"message","model":"c","role":"assistant","stop_reason":"tool_use","content":[
             {"type":"text","text":"Hi"},
             {"type":"tool_use","id":"t","name":"run","input":{"command":"ls"}}]}
            """);
    assertThat(shown(answer))
        .containsExactly("ASSISTANT /content/0/text Hi", "TOOL_CALL /content/1/input/command ls");
    assertThat(answer.toolCalls())
        .containsExactly(new ToolCall("run", "{\"command\":\"ls\"}", "/content/1/input"));
  }

  @Test
  void joins_an_anthropic_stream_by_block() {
    Answer answer =
        AnswerReader.read(
            """
            event: message_start
            data: {"type":"message_start","message":{"model":"claude","content":[]}}

            event: content_block_start
            data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}

            event: content_block_delta
            data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hel"}}

            event: content_block_delta
            data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"lo"}}

            event: content_block_start
            data: {"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"t","name":"run","input":{}}}

            event: content_block_delta
            data: {"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{\\"command\\":"}}

            event: content_block_delta
            data: {"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"\\"ls\\"}"}}

            event: message_delta
            data: {"type":"message_delta","delta":{"stop_reason":"tool_use"},"usage":{"output_tokens":9}}

            event: message_stop
            data: {"type":"message_stop"}

            """);
    assertThat(shown(answer))
        .containsExactly(
            "ASSISTANT /content/0/text Hello", "TOOL_CALL /content/1/input {\"command\":\"ls\"}");
    assertThat(answer.toolCalls()).extracting(ToolCall::name).containsExactly("run");
    assertThat(answer.finishReason()).isEqualTo("tool_use");
    assertThat(answer.truncated()).isFalse();
  }

  @Test
  void a_stream_that_is_cut_is_read_as_far_as_it_goes() {
    Answer answer =
        AnswerReader.read(
            """
            data: {"choices":[{"index":0,"delta":{"content":"Hel"}}]}

            data: {"choices":[{"index":0,"delta":{"content":"lo th""");
    assertThat(shown(answer)).containsExactly("ASSISTANT /choices/0/message/content Hello th");
    assertThat(answer.truncated()).isTrue();
  }

  @Test
  void an_answer_that_is_cut_in_its_text_is_read_as_far_as_it_goes() {
    Answer answer = AnswerReader.read(CHAT.substring(0, CHAT.indexOf("you")));
    assertThat(shown(answer)).containsExactly("ASSISTANT /choices/0/message/content Hello \"");
    assertThat(answer.truncated()).isTrue();
  }

  @Test
  void reads_other_shapes_by_their_strings() {
    assertThat(shown(AnswerReader.read("{\"output\":[{\"content\":[{\"text\":\"Hi\"}]}]}")))
        .containsExactly("ASSISTANT /output/0/content/0/text Hi");
    assertThat(
            shown(
                AnswerReader.read(
                    """
                    {"model":"l","message":{"content":"Hel"},"done":false}
                    {"model":"l","message":{"content":"lo"},"done":true}
                    """)))
        .containsExactly("ASSISTANT /message/content Hello");
    assertThat(
            shown(
                AnswerReader.read(
                    """
                    event: response.output_text.delta
                    data: {"type":"response.output_text.delta","delta":"Hel"}

                    data: {"type":"response.output_text.delta","delta":"lo"}
                    """)))
        .containsExactly("ASSISTANT /output/0/content/0/text Hello");
    assertThat(shown(AnswerReader.read("plain text"))).containsExactly("ASSISTANT  plain text");
    assertThat(AnswerReader.read(" ").segments()).isEmpty();
  }

  @Test
  void knows_when_a_provider_refused() {
    for (String refusal :
        List.of(
            "{\"choices\":[{\"finish_reason\":\"content_filter\",\"message\":{\"content\":\"\"}}]}",
            "{\"choices\":[{\"finish_reason\":\"stop\",\"message\":{\"refusal\":\"No.\"}}]}",
            "{\"type\":\"message\",\"content\":[],\"stop_reason\":\"refusal\"}",
            "{\"candidates\":[{\"finishReason\":\"SAFETY\"}]}",
            "{\"promptFeedback\":{\"blockReason\":\"SAFETY\"}}",
            "{\"error\":{\"code\":\"content_filter\",\"message\":\"filtered\"}}",
            "data: {\"choices\":[{\"delta\":{\"refusal\":\"No\"}}]}\n\n",
            "data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"refusal\"}}\n\n")) {
      assertThat(AnswerReader.read(refusal).refusedByProvider()).as(refusal).isTrue();
    }
    assertThat(AnswerReader.read(CHAT).refusedByProvider()).isFalse();
  }

  @Test
  void reads_what_an_mcp_server_answers() {
    Answer tools =
        AnswerReader.read(
            "event: message\ndata: {\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"tools\":[{\"name\":"
                + "\"add\",\"description\":\"Adds.\"}]}}\n\n");
    assertThat(shown(tools))
        .containsExactly(
            "METADATA /result/tools/0/name add", "METADATA /result/tools/0/description Adds.");
    Answer result =
        AnswerReader.read(
            "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"content\":[{\"type\":\"text\",\"text\":\"3\"},"
                + "{\"type\":\"image\",\"data\":\"AAAA\"}],\"isError\":false}}");
    assertThat(shown(result)).containsExactly("TOOL_RESULT /result/content/0/text 3");
    assertThat(result.uninspectedParts()).isOne();
  }

  @Property
  void every_cut_of_a_document_is_read(@ForAll String text, @ForAll @IntRange(max = 100) int part)
      throws JsonProcessingException {
    ObjectMapper mapper = new ObjectMapper();
    String json =
        mapper.writeValueAsString(Map.of("a", List.of(1.5, true, Map.of("b\"", text)), "c", text));
    String cut = json.substring(0, Math.max(1, json.length() * part / 100));
    String closed = CutJson.close(cut);
    assertThat(mapper.readTree(closed).isObject()).as("%s of %s", closed, cut).isTrue();
    assertThat(CutJson.close(json)).isEqualTo(json);
  }

  @FuzzTest(maxDuration = "3m")
  void anything_is_read_without_failing(FuzzedDataProvider data) {
    boolean stream = data.consumeBoolean();
    String body = data.consumeRemainingAsString();
    AnswerReader.read(body);
    AnswerReader.read((stream ? "data: {\"choices\":[{\"delta\":" : "{\"choices\":[") + body);
  }

  private static List<String> shown(Answer answer) {
    return answer.segments().stream()
        .map(s -> s.zone() + " " + s.pointer() + " " + s.text())
        .toList();
  }
}
