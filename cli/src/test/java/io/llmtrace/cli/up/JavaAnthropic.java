package io.llmtrace.cli.up;

import com.anthropic.client.AnthropicClient;
import com.anthropic.client.okhttp.AnthropicOkHttpClient;
import com.anthropic.core.JsonValue;
import com.anthropic.core.http.StreamResponse;
import com.anthropic.errors.AnthropicServiceException;
import com.anthropic.helpers.MessageAccumulator;
import com.anthropic.models.messages.ContentBlockParam;
import com.anthropic.models.messages.Message;
import com.anthropic.models.messages.MessageCreateParams;
import com.anthropic.models.messages.RawMessageStreamEvent;
import com.anthropic.models.messages.TextBlock;
import com.anthropic.models.messages.Tool;
import com.anthropic.models.messages.ToolResultBlockParam;
import com.anthropic.models.messages.ToolUseBlock;
import com.fasterxml.jackson.core.JsonProcessingException;
import io.llmtrace.policies.json.WireJson;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Anthropic's Java client. */
final class JavaAnthropic implements SdkClient {
  private static Seen with(Ask ask, Function<AnthropicClient, Seen> use) {
    AnthropicOkHttpClient.Builder builder =
        AnthropicOkHttpClient.builder().apiKey("test-key").baseUrl(ask.base());
    if (ask.retries() >= 0) {
      builder.maxRetries(ask.retries());
    }
    AnthropicClient client = builder.build();
    try {
      return use.apply(client);
    } catch (AnthropicServiceException e) {
      List<String> after = e.headers().values("retry-after");
      return Seen.failure(
          e,
          e.statusCode(),
          e.type().map(Object::toString).orElse(""),
          after.isEmpty() ? "" : after.get(0));
    } finally {
      client.close();
    }
  }

  @Override
  public Seen chat(Ask ask) {
    return with(ask, client -> seen(client.messages().create(question(ask).build()), 0));
  }

  @Override
  public Seen stream(Ask ask) {
    return with(
        ask,
        client -> {
          AtomicInteger events = new AtomicInteger();
          return seen(streamed(client, question(ask), events), events.get());
        });
  }

  private static Message streamed(
      AnthropicClient client, MessageCreateParams.Builder question, AtomicInteger events) {
    MessageAccumulator whole = MessageAccumulator.create();
    try (StreamResponse<RawMessageStreamEvent> stream =
        client.messages().createStreaming(question.build())) {
      stream.stream()
          .forEach(
              event -> {
                whole.accumulate(event);
                events.incrementAndGet();
              });
    }
    return whole.message();
  }

  @Override
  public Seen tools(Ask ask) {
    Tool tool =
        Tool.builder()
            .name("get_weather")
            .inputSchema(
                Tool.InputSchema.builder()
                    .properties(
                        Tool.InputSchema.Properties.builder()
                            .putAdditionalProperty("city", JsonValue.from(Map.of("type", "string")))
                            .build())
                    .build())
            .build();
    MessageCreateParams.Builder question = question(ask).addTool(tool);
    return with(
        ask,
        client -> {
          Message first = streamed(client, question, new AtomicInteger());
          ToolUseBlock call =
              first.content().stream()
                  .flatMap(block -> block.toolUse().stream())
                  .findFirst()
                  .orElseThrow();
          question
              .addMessage(first)
              .addUserMessageOfContentBlockParams(
                  List.of(
                      ContentBlockParam.ofToolResult(
                          ToolResultBlockParam.builder()
                              .toolUseId(call.id())
                              .content(JavaOpenAiChat.RESULT)
                              .build())));
          return seen(client.messages().create(question.build()), 0)
              .withTool(call.name(), json(call._input().convert(Map.class)));
        });
  }

  private static String json(Object value) {
    try {
      return WireJson.mapper().writeValueAsString(value);
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static MessageCreateParams.Builder question(Ask ask) {
    return MessageCreateParams.builder()
        .model(ask.model())
        .maxTokens(256)
        .addUserMessage(ask.prompt());
  }

  private static Seen seen(Message answer, int events) {
    String text =
        answer.content().stream()
            .flatMap(block -> block.text().stream())
            .map(TextBlock::text)
            .collect(Collectors.joining());
    return Seen.text(text, answer.stopReason().orElseThrow().asString(), events);
  }
}
