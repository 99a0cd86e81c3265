package io.llmtrace.policies.exchange;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * Google's {@code generateContent}, of Gemini's API and of Vertex AI, whole and streamed; fields
 * are accepted in both spellings ({@code systemInstruction}, {@code system_instruction}), as they
 * are there.
 */
final class Gemini implements DialectFormat {
  private static final Set<String> METHODS =
      Set.of(
          ":generateContent",
          ":streamGenerateContent",
          ":countTokens",
          ":embedContent",
          ":batchEmbedContents");

  private static final Set<String> SETTINGS =
      new TreeSet<>(
          Set.of(
              "generationConfig",
              "generation_config",
              "safetySettings",
              "safety_settings",
              "toolConfig",
              "tool_config",
              "labels"));

  private static final Set<String> REQUEST =
      OpenAiChat.with(
          SETTINGS, "contents", "systemInstruction", "system_instruction", "tools", "content");
  private static final Set<String> CONTENT = Set.of("parts");
  private static final Set<String> TEXT = Set.of("text");
  private static final Set<String> DECLARATIONS =
      Set.of("functionDeclarations", "function_declarations");
  private static final Set<String> CALL = Set.of("name", "args");
  private static final Set<String> CANDIDATE =
      Set.of("content", "safetyRatings", "logprobsResult", "finishMessage");
  private static final Set<String> ANSWER =
      Set.of("candidates", "usageMetadata", "promptFeedback", "createTime");

  @Override
  public boolean named(RequestHead head) {
    int method = head.path().lastIndexOf(':');
    return method >= 0 && METHODS.contains(head.path().substring(method));
  }

  @Override
  public boolean resembles(JsonNode body) {
    return body.path("contents").path(0).has("parts");
  }

  @Override
  public String model(JsonNode body, RequestHead head) {
    String inPath = head.between("/models/", ":");
    return inPath.isEmpty() ? body.path("model").asText("") : inPath;
  }

  @Override
  public boolean stream(JsonNode body, RequestHead head) {
    return head.ends(":streamGenerateContent");
  }

  @Override
  public String provider(RequestHead head) {
    return head.path().contains("/publishers/") ? "vertex_ai" : "";
  }

  @Override
  public void collect(JsonNode root, SegmentCollector out) {
    for (String field : List.of("systemInstruction", "system_instruction")) {
      content(root.path(field), Zone.SYSTEM, "system", "/" + field, out);
    }
    out.each(
        root.path("contents"),
        Zone.USER,
        "user",
        "/contents",
        (content, at) -> turn(content, at, out));
    // Embeddings have a single one.
    content(root.path("content"), Zone.USER, "user", "/content", out);
    out.each(
        root.path("tools"),
        Zone.METADATA,
        "tools",
        "/tools",
        (tool, at) -> {
          for (String field : new TreeSet<>(DECLARATIONS)) {
            out.definitions(tool.path(field), at + "/" + field, "");
          }
          // What the provider brings itself is known by its key, such as codeExecution.
          tool.fieldNames()
              .forEachRemaining(
                  field -> {
                    if (!DECLARATIONS.contains(field)) {
                      out.tool(field);
                    }
                  });
          out.rest(tool, DECLARATIONS, Zone.METADATA, "tools", at);
        });
    out.settings(root, SETTINGS);
    out.rest(root, REQUEST, Zone.USER, "", "");
  }

  private static void turn(JsonNode content, String at, SegmentCollector out) {
    String role = content.path("role").asText("user");
    Zone zone =
        switch (role) {
          case "model" -> Zone.ASSISTANT;
          case "system" -> Zone.SYSTEM;
          case "function", "tool" -> Zone.TOOL_RESULT;
          default -> Zone.USER;
        };
    content(content, zone, role, at, out);
  }

  private static void content(
      JsonNode content, Zone zone, String role, String at, SegmentCollector out) {
    if (!content.isObject()) {
      out.everyString(zone, role, at, content);
      return;
    }
    out.each(
        content.path("parts"),
        zone,
        role,
        at + "/parts",
        (part, place) -> part(part, zone, role, place, out));
    out.rest(content, CONTENT, zone, role, at);
  }

  /** A part is known by the field that it has, not by a type. */
  private static void part(JsonNode part, Zone zone, String role, String at, SegmentCollector out) {
    for (Map.Entry<String, JsonNode> field : part.properties()) {
      String name = field.getKey();
      JsonNode value = field.getValue();
      String child = at + "/" + SegmentCollector.escape(name);
      switch (name) {
        case "text" -> out.everyString(zone, role, child, value);
        case "functionCall", "function_call" -> {
          out.nameOrText(Zone.TOOL_CALL, role, child + "/name", value.path("name"));
          out.everyString(Zone.TOOL_CALL, role, child + "/args", value.path("args"));
          out.rest(value, CALL, Zone.TOOL_CALL, role, child);
        }
        case "functionResponse", "function_response" -> {
          out.nameOrText(Zone.TOOL_RESULT, role, child + "/name", value.path("name"));
          out.rest(value, Set.of("name"), Zone.TOOL_RESULT, role, child);
        }
        case "executableCode", "executable_code" ->
            out.everyString(Zone.TOOL_CALL, role, child, value);
        case "codeExecutionResult", "code_execution_result" ->
            out.everyString(Zone.TOOL_RESULT, role, child, value);
        case "inlineData", "inline_data", "fileData", "file_data" ->
            out.uninspected(zone, role, child, value);
        default -> {
          if (!value.isTextual() || !Names.isName(name, value.asText())) {
            out.name(zone, role, child, name);
            out.everyString(zone, role, child, value);
          }
        }
      }
    }
  }

  @Override
  public boolean answers(JsonNode answer) {
    return answer.path("candidates").isArray()
        || answer.has("promptFeedback")
        || answer.has("usageMetadata");
  }

  @Override
  public boolean listsEvents() {
    return true;
  }

  @Override
  public void answer(JsonNode root, SegmentCollector out) {
    out.each(
        root.path("candidates"),
        Zone.ASSISTANT,
        "model",
        "/candidates",
        (candidate, at) -> {
          JsonNode content = candidate.path("content");
          content(content, Zone.ASSISTANT, "model", at + "/content", out);
          calls(content.path("parts"), at + "/content/parts", out);
          out.textBeside(
              Zone.ASSISTANT, "model", at + "/finishMessage", candidate.path("finishMessage"));
          out.rest(candidate, CANDIDATE, Zone.ASSISTANT, "model", at);
        });
    out.textBeside(Zone.ASSISTANT, "model", "/promptFeedback", root.path("promptFeedback"));
    out.rest(root, ANSWER, Zone.ASSISTANT, "model", "");
  }

  private static void calls(JsonNode parts, String at, SegmentCollector out) {
    for (int i = 0; i < parts.size(); i++) {
      JsonNode call = parts.path(i).path("functionCall");
      if (call.isObject()) {
        out.call(
            call.path("name").asText(),
            call.path("args").toString(),
            at + "/" + i + "/functionCall/args");
      }
    }
  }

  /** Text comes in pieces, everything else whole: all text of a candidate is one. */
  @Override
  public void event(JsonNode event, AnswerStream out) {
    JsonNode candidates = event.path("candidates");
    for (int i = 0; i < candidates.size(); i++) {
      JsonNode candidate = candidates.path(i);
      String at = "/candidates/" + candidate.path("index").asInt(i) + "/content";
      JsonNode content = candidate.path("content");
      JsonNode parts = content.path("parts");
      for (int k = 0; k < parts.size() && parts.isArray(); k++) {
        JsonNode part = parts.get(k);
        if (part.path("text").isTextual()) {
          String kind = part.path("thought").asBoolean() ? "/parts/thought" : "/parts/0/text";
          out.piece(Zone.ASSISTANT, at + kind, part.path("text"));
          out.rest(part, TEXT, at + "/parts");
        } else if (part.isObject()) {
          part(part, Zone.ASSISTANT, "model", at + "/parts/" + k, out.whole());
        } else {
          out.anyText(at + "/parts/" + k, part);
        }
      }
      if (!parts.isArray()) {
        out.anyText(at + "/parts", parts);
      }
      calls(parts, at + "/parts", out.whole());
      out.rest(content, CONTENT, at);
      out.rest(candidate, CANDIDATE, at);
      out.whole()
          .textBeside(
              Zone.ASSISTANT, "model", at + "/finishMessage", candidate.path("finishMessage"));
    }
    if (!candidates.isArray()) {
      out.anyText("/candidates", candidates);
    }
    out.rest(event, ANSWER, "");
  }

  @Override
  public void facts(JsonNode answer, AnswerFacts facts) {
    facts.model(answer.path("modelVersion"));
    facts.error(answer.path("error"));
    for (JsonNode candidate : answer.path("candidates")) {
      facts.finish(candidate.path("finishReason"));
      facts.ended |= candidate.path("finishReason").isTextual();
    }
    JsonNode blocked = answer.path("promptFeedback").path("blockReason");
    facts.refusal(blocked);
    facts.finish(blocked);
    facts.ended |= blocked.isTextual();
    JsonNode usage = answer.path("usageMetadata");
    facts.prompt(usage.path("promptTokenCount"));
    facts.cached(usage.path("cachedContentTokenCount"));
    // Thoughts are billed as output and reported beside it.
    facts.completion(usage.path("candidatesTokenCount"), usage.path("thoughtsTokenCount"));
    facts.reasoning(usage.path("thoughtsTokenCount"));
  }

  /**
   * The error that google-genai raises as {@code ClientError} ({@code errors.py}, {@code
   * APIError.raise_for_response}); its retries, where they are on, leave 400 and 403 alone.
   */
  @Override
  public BlockAnswer error(int status, BlockNotice notice) {
    ObjectNode body = BlockAnswer.object();
    body.putObject("error")
        .put("code", status)
        .put("message", notice.message())
        .put("status", status == 403 ? "PERMISSION_DENIED" : "INVALID_ARGUMENT");
    return BlockAnswer.error(status, body);
  }

  /**
   * {@code RESOURCE_EXHAUSTED}; Google's APIs say when to try again in a detail of type {@code
   * RetryInfo} (google/rpc/error_details.proto).
   */
  @Override
  public BlockAnswer limited(Limited limited, BlockNotice notice) {
    ObjectNode body = BlockAnswer.object();
    ObjectNode error = body.putObject("error").put("code", BlockAnswer.LIMITED);
    error.put("message", limited.message()).put("status", "RESOURCE_EXHAUSTED");
    if (limited.passes()) {
      error
          .putArray("details")
          .addObject()
          .put("@type", "type.googleapis.com/google.rpc.RetryInfo")
          .put("retryDelay", limited.retryAfterSeconds() + "s");
    }
    return BlockAnswer.error(BlockAnswer.LIMITED, body);
  }

  @Override
  public long maxTokens(JsonNode body) {
    long camel =
        MaxTokens.largest(body.path("generationConfig"), "maxOutputTokens", "max_output_tokens");
    long snake =
        MaxTokens.largest(body.path("generation_config"), "maxOutputTokens", "max_output_tokens");
    return Math.max(camel, snake);
  }

  /** Google's clients ask for {@code alt=sse}; a stream without it would be a list. */
  @Override
  public BlockAnswer refusal(BlockNotice notice) {
    ObjectNode answer = BlockAnswer.object();
    ObjectNode candidate = answer.putArray("candidates").addObject();
    ObjectNode content = candidate.putObject("content").put("role", "model");
    content.putArray("parts").addObject().put("text", notice.message());
    candidate.put("finishReason", "SAFETY").put("index", 0);
    answer
        .putObject("usageMetadata")
        .put("promptTokenCount", 0)
        .put("candidatesTokenCount", 0)
        .put("totalTokenCount", 0);
    answer.put("modelVersion", notice.caller().model()).put("responseId", notice.decisionId());
    if (!notice.caller().stream()) {
      return BlockAnswer.json(answer);
    }
    return BlockAnswer.events(List.of(answer));
  }
}
