package io.llmtrace.policies.exchange;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.llmtrace.policies.json.WireJson;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DialectsTest {
  @ParameterizedTest
  @CsvSource({
    "/v1/chat/completions, api.openai.com, openai_chat, openai",
    "/openai/v1/chat/completions, api.groq.com, openai_chat, groq",
    "/api/v1/chat/completions, openrouter.ai, openai_chat, openrouter",
    "/v1/chat/completions, api.together.xyz, openai_chat, together",
    "/chat/completions, api.deepseek.com, openai_chat, deepseek",
    "/inference/v1/chat/completions, api.fireworks.ai, openai_chat, fireworks",
    "/v1/chat/completions, api.x.ai, openai_chat, xai",
    "/v1/chat/completions, notx.ai, openai_chat, openai",
    "/v1/chat/completions, vllm.svc:8000, openai_chat, openai",
    "/openai/deployments/d/chat/completions, gateway, openai_chat, azure_openai",
    "/openai/deployments/d/embeddings, gateway, openai_embeddings, azure_openai",
    "/v1beta/openai/chat/completions, generativelanguage.googleapis.com, openai_chat, gemini",
    "/v1/responses, api.openai.com, openai_responses, openai",
    "/v1/completions, '', openai_completions, openai",
    "/v1/moderations, '', openai_moderations, openai",
    "/v1/realtime?model=m, '', openai_realtime, openai",
    "/v1/messages, api.anthropic.com, anthropic_messages, anthropic",
    "/v1/messages/count_tokens, '', anthropic_count_tokens, anthropic",
    "/v1/threads/t/messages, '', generic_json, unknown",
    "/v1beta/models/gemini-2.5-pro:generateContent, '', gemini, gemini",
    "/v1/projects/p/locations/l/publishers/google/models/g:streamGenerateContent, '', gemini, vertex_ai",
    "/model/meta.llama3/converse, '', bedrock_converse, bedrock",
    "/model/meta.llama3/invoke-with-response-stream, '', bedrock_invoke, bedrock",
    "/api/chat, '', ollama_chat, ollama",
    "/api/embeddings, '', ollama_generate, ollama",
    "/v2/chat, api.cohere.com, cohere_chat, cohere",
    "/generate_stream, '', text_generation, tgi",
    "/mcp, '', mcp, mcp",
    "/other, '', generic_json, unknown",
  })
  void path_and_host_tell_dialect_and_provider(
      String path, String host, String dialect, String provider) {
    Map<String, String> headers = Map.of("host", host);
    Api detected = Dialects.builtIn().detect("POST", path, headers);
    assertThat(detected.label()).isEqualTo(dialect);
    assertThat(Dialects.provider(detected, "POST", path, headers)).isEqualTo(provider);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{'model':'m','messages':[{'role':'user','content':'hi'}]} | openai_chat",
        "{'anthropic_version':'v','messages':[]} | anthropic_messages",
        "{'contents':[{'parts':[{'text':'hi'}]}]} | gemini",
        "{'model':'m','input':'hi'} | openai_responses",
        "{'inputs':'hi'} | text_generation",
        "{'jsonrpc':'2.0','id':1,'method':'ping'} | mcp",
        "{'question':'hi'} | generic_json",
      })
  void where_the_path_tells_nothing_the_body_does(String body, String dialect) throws Exception {
    assertThat(read("/ask", Map.of(), body.replace('\'', '"')).dialect().label())
        .isEqualTo(dialect);
  }

  @Test
  void what_runs_over_a_websocket_is_said_not_to_be_inspectable() {
    Map<String, String> upgrade = Map.of("connection", "Upgrade", "upgrade", "websocket");
    for (String path : new String[] {"/v1/realtime", "/ws/any"}) {
      assertThatThrownBy(() -> read(path, upgrade, ""))
          .isInstanceOfSatisfying(
              UnreadableBodyException.class, e -> assertThat(e.reason()).isEqualTo("realtime"));
    }
  }

  @Test
  void usage_of_an_older_record_is_read_without_its_details() throws Exception {
    Usage old =
        WireJson.mapper().readValue("{\"prompt_tokens\":12,\"completion_tokens\":5}", Usage.class);
    assertThat(old).isEqualTo(new Usage(12, 5));
    Usage usage = new Usage(12, 5, 3, 2, 1);
    String json = WireJson.mapper().writeValueAsString(usage);
    assertThat(WireJson.mapper().readValue(json, Usage.class)).isEqualTo(usage);
  }

  @Test
  void frames_that_a_log_has_damaged_are_read_as_far_as_they_go_and_said_to_be() throws Exception {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (String piece : new String[] {"Let me", " see", " it."}) {
      out.writeBytes(
          EventFrames.encode(
              "contentBlockDelta",
              WireJson.mapper()
                  .readTree("{\"contentBlockIndex\":0,\"delta\":{\"text\":\"" + piece + "\"}}")));
    }
    out.writeBytes(
        EventFrames.encode(
            "messageStop", WireJson.mapper().readTree("{\"stopReason\":\"end_turn\"}")));

    String intact = out.toString(StandardCharsets.ISO_8859_1);
    assertThat(AnswerReader.read(intact).truncated()).isFalse();
    for (String damaged : new String[] {out.toString(StandardCharsets.UTF_8), intact + "?"}) {
      Answer answer = AnswerReader.read(damaged);
      assertThat(answer.segments()).extracting(Segment::text).containsExactly("Let me see it.");
      assertThat(answer.truncated()).isTrue();
    }
    Answer cut = AnswerReader.read(intact.substring(0, intact.indexOf(" it.") + 2));
    assertThat(cut.segments()).extracting(Segment::text).containsExactly("Let me see i");
    assertThat(cut.truncated()).isTrue();
  }

  @Test
  void a_body_that_begins_like_utf_32_is_read_as_text() throws Exception {
    byte[] body = {0, 0, 0x11, 'h', 'i', 0, 0, 0x7f};
    Exchange exchange =
        ExchangeReader.read(new RequestContent("POST", "/v2/chat", Map.of(), body), null);
    assertThat(exchange.segments()).hasSize(1);
  }

  private static Exchange read(String path, Map<String, String> headers, String body)
      throws UnreadableBodyException {
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    return ExchangeReader.read(
        new RequestContent("POST", path, new HashMap<>(headers), bytes), null);
  }
}
