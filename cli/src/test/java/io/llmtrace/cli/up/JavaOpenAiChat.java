package io.llmtrace.cli.up;

import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.core.JsonValue;
import com.openai.core.http.StreamResponse;
import com.openai.errors.OpenAIServiceException;
import com.openai.helpers.ChatCompletionAccumulator;
import com.openai.models.FunctionDefinition;
import com.openai.models.FunctionParameters;
import com.openai.models.chat.completions.ChatCompletion;
import com.openai.models.chat.completions.ChatCompletionChunk;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import com.openai.models.chat.completions.ChatCompletionMessageFunctionToolCall;
import com.openai.models.chat.completions.ChatCompletionToolMessageParam;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** OpenAI's Java client, chat completions. */
final class JavaOpenAiChat implements SdkClient {
  static final Map<String, Object> CITY =
      Map.of(
          "type",
          "object",
          "properties",
          Map.of("city", Map.of("type", "string")),
          "required",
          List.of("city"),
          "additionalProperties",
          false);
  static final String RESULT = "21 degrees and clear";

  /** Runs something with a client, whose exception is what the application sees. */
  static Seen with(Ask ask, Function<OpenAIClient, Seen> use) {
    OpenAIOkHttpClient.Builder builder =
        OpenAIOkHttpClient.builder().apiKey("test-key").baseUrl(ask.base() + "/v1");
    if (ask.retries() >= 0) {
      builder.maxRetries(ask.retries());
    }
    OpenAIClient client = builder.build();
    try {
      return use.apply(client);
    } catch (OpenAIServiceException e) {
      List<String> after = e.headers().values("retry-after");
      return Seen.failure(
          e, e.statusCode(), e.code().orElse(""), after.isEmpty() ? "" : after.get(0));
    } finally {
      client.close();
    }
  }

  @Override
  public Seen chat(Ask ask) {
    return with(ask, client -> seen(client.chat().completions().create(question(ask).build()), 0));
  }

  @Override
  public Seen stream(Ask ask) {
    return with(ask, client -> streamed(client, question(ask)));
  }

  private static Seen streamed(OpenAIClient client, ChatCompletionCreateParams.Builder question) {
    ChatCompletionAccumulator whole = ChatCompletionAccumulator.create();
    try (StreamResponse<ChatCompletionChunk> chunks =
        client.chat().completions().createStreaming(question.build())) {
      int events = chunks.stream().peek(whole::accumulate).mapToInt(chunk -> 1).sum();
      return seen(whole.chatCompletion(), events);
    }
  }

  @Override
  public Seen tools(Ask ask) {
    FunctionParameters.Builder parameters = FunctionParameters.builder();
    CITY.forEach((key, value) -> parameters.putAdditionalProperty(key, JsonValue.from(value)));
    FunctionDefinition tool =
        FunctionDefinition.builder().name("get_weather").parameters(parameters.build()).build();
    ChatCompletionCreateParams.Builder question = question(ask).addFunctionTool(tool);
    return with(
        ask,
        client -> {
          ChatCompletionAccumulator whole = ChatCompletionAccumulator.create();
          try (StreamResponse<ChatCompletionChunk> chunks =
              client.chat().completions().createStreaming(question.build())) {
            chunks.stream().forEach(whole::accumulate);
          }
          var message = whole.chatCompletion().choices().get(0).message();
          ChatCompletionMessageFunctionToolCall call =
              message.toolCalls().orElseThrow().get(0).asFunction();
          question
              .addMessage(message)
              .addMessage(
                  ChatCompletionToolMessageParam.builder()
                      .toolCallId(call.id())
                      .content(RESULT)
                      .build());
          return seen(client.chat().completions().create(question.build()), 0)
              .withTool(call.function().name(), call.function().arguments());
        });
  }

  private static ChatCompletionCreateParams.Builder question(Ask ask) {
    return ChatCompletionCreateParams.builder().model(ask.model()).addUserMessage(ask.prompt());
  }

  private static Seen seen(ChatCompletion answer, int events) {
    ChatCompletion.Choice choice = answer.choices().get(0);
    String text = choice.message().refusal().or(() -> choice.message().content()).orElse("");
    return Seen.text(text, choice.finishReason().asString(), events);
  }
}
