package io.llmtrace.cli.up;

import com.openai.core.JsonValue;
import com.openai.core.http.StreamResponse;
import com.openai.helpers.ResponseAccumulator;
import com.openai.models.responses.EasyInputMessage;
import com.openai.models.responses.FunctionTool;
import com.openai.models.responses.Response;
import com.openai.models.responses.ResponseCreateParams;
import com.openai.models.responses.ResponseFunctionToolCall;
import com.openai.models.responses.ResponseInputItem;
import com.openai.models.responses.ResponseOutputText;
import com.openai.models.responses.ResponseStreamEvent;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;

/** OpenAI's Java client, Responses. */
final class JavaOpenAiResponses implements SdkClient {
  @Override
  public Seen chat(Ask ask) {
    return JavaOpenAiChat.with(
        ask,
        client -> seen(client.responses().create(question(ask).input(ask.prompt()).build()), 0));
  }

  @Override
  public Seen stream(Ask ask) {
    return JavaOpenAiChat.with(
        ask,
        client -> {
          ResponseAccumulator whole = ResponseAccumulator.create();
          AtomicInteger events = new AtomicInteger();
          try (StreamResponse<ResponseStreamEvent> stream =
              client.responses().createStreaming(question(ask).input(ask.prompt()).build())) {
            stream.stream()
                .forEach(
                    event -> {
                      whole.accumulate(event);
                      events.incrementAndGet();
                    });
          }
          return seen(whole.response(), events.get());
        });
  }

  @Override
  public Seen tools(Ask ask) {
    FunctionTool.Parameters.Builder parameters = FunctionTool.Parameters.builder();
    JavaOpenAiChat.CITY.forEach(
        (key, value) -> parameters.putAdditionalProperty(key, JsonValue.from(value)));
    FunctionTool tool =
        FunctionTool.builder()
            .name("get_weather")
            .parameters(parameters.build())
            .strict(true)
            .build();
    ResponseInputItem prompt =
        ResponseInputItem.ofEasyInputMessage(
            EasyInputMessage.builder()
                .role(EasyInputMessage.Role.USER)
                .content(ask.prompt())
                .build());
    return JavaOpenAiChat.with(
        ask,
        client -> {
          ResponseAccumulator whole = ResponseAccumulator.create();
          try (StreamResponse<ResponseStreamEvent> stream =
              client
                  .responses()
                  .createStreaming(
                      question(ask).addTool(tool).inputOfResponse(List.of(prompt)).build())) {
            stream.stream().forEach(whole::accumulate);
          }
          ResponseFunctionToolCall call =
              whole.response().output().stream()
                  .flatMap(item -> item.functionCall().stream())
                  .findFirst()
                  .orElseThrow();
          ResponseInputItem output =
              ResponseInputItem.ofFunctionCallOutput(
                  ResponseInputItem.FunctionCallOutput.builder()
                      .callId(call.callId())
                      .output(JavaOpenAiChat.RESULT)
                      .build());
          Response last =
              client
                  .responses()
                  .create(
                      question(ask)
                          .addTool(tool)
                          .inputOfResponse(
                              List.of(prompt, ResponseInputItem.ofFunctionCall(call), output))
                          .build());
          return seen(last, 0).withTool(call.name(), call.arguments());
        });
  }

  private static ResponseCreateParams.Builder question(Ask ask) {
    return ResponseCreateParams.builder().model(ask.model());
  }

  private static Seen seen(Response answer, int events) {
    String text =
        answer.output().stream()
            .flatMap(item -> item.message().stream())
            .flatMap(message -> message.content().stream())
            .map(
                part ->
                    part.outputText()
                        .map(ResponseOutputText::text)
                        .orElseGet(() -> part.asRefusal().refusal()))
            .collect(Collectors.joining());
    return Seen.text(text, answer.status().orElseThrow().asString(), events);
  }
}
