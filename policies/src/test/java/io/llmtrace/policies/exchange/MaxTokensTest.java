package io.llmtrace.policies.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MaxTokensTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "openai_chat            | {'max_tokens':5,'max_completion_tokens':70}            | 70",
        "openai_chat            | {'messages':[]}                                        | -1",
        "openai_chat            | {'max_tokens':'70'}                                    | -1",
        "openai_chat            | {'max_tokens':1e300}                    | 9223372036854775807",
        "openai_responses       | {'max_output_tokens':70}                               | 70",
        "openai_completions     | {'max_tokens':70}                                      | 70",
        "anthropic_messages     | {'max_tokens':70}                                      | 70",
        "gemini                 | {'generationConfig':{'maxOutputTokens':70}}            | 70",
        "gemini                 | {'generation_config':{'max_output_tokens':70}}         | 70",
        "bedrock_converse       | {'inferenceConfig':{'maxTokens':70}}                   | 70",
        "bedrock_invoke         | {'anthropic_version':'x','max_tokens':70}              | 70",
        "bedrock_invoke         | {'prompt':'x','max_gen_len':70}                        | 70",
        "bedrock_invoke         | {'textGenerationConfig':{'maxTokenCount':70}}          | 70",
        "bedrock_invoke         | {'inferenceConfig':{'max_new_tokens':70}}              | 70",
        "cohere_chat            | {'max_tokens':70}                                      | 70",
        "ollama_chat            | {'options':{'num_predict':70}}                         | 70",
        "ollama_generate        | {'options':{'num_predict':-1}}                         | -1",
        "text_generation        | {'inputs':'x','parameters':{'max_new_tokens':70}}      | 70",
        "mcp                    | {'jsonrpc':'2.0','params':{'maxTokens':70}}            | 70",
        "generic_json           | {'max_tokens':70}                                      | 70",
      })
  void the_bound_of_an_answer_is_found_where_the_dialect_has_it(
      String dialect, String body, long expected) throws Exception {
    RequestContent content =
        new RequestContent(
            "POST", "/", Map.of(), body.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
    assertThat(ExchangeReader.read(content, Dialect.of(dialect)).maxTokens()).isEqualTo(expected);
  }
}
