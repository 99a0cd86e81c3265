package io.llmtrace.policies.exchange;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayOutputStream;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** Converse and ConverseStream of Amazon Bedrock; Nova's own API has the same messages. */
final class BedrockConverse implements DialectFormat {
  private static final Set<String> SETTINGS =
      new TreeSet<>(
          Set.of(
              "inferenceConfig",
              "guardrailConfig",
              "requestMetadata",
              "performanceConfig",
              "additionalModelResponseFieldPaths",
              "schemaVersion"));
  private static final Set<String> REQUEST =
      OpenAiChat.with(SETTINGS, "system", "messages", "toolConfig");
  private static final Set<String> MESSAGE = Set.of("content");
  private static final Set<String> TOOL_USE = Set.of("input", "name");
  private static final Set<String> TOOLS = Set.of("tools");
  private static final Set<String> SOURCE = Set.of("source");
  private static final Set<String> REASONING = Set.of("redactedContent");
  private static final Set<String> ANSWER =
      Set.of("output", "usage", "metrics", "trace", "performanceConfig");
  private static final List<String> EVENTS =
      List.of(
          "messageStart",
          "contentBlockStart",
          "contentBlockDelta",
          "contentBlockStop",
          "messageStop",
          "metadata");

  @Override
  public boolean named(RequestHead head) {
    return head.path().contains("/model/") && head.ends("/converse", "/converse-stream");
  }

  @Override
  public String model(JsonNode body, RequestHead head) {
    return head.between("/model/", "/converse");
  }

  @Override
  public boolean stream(JsonNode body, RequestHead head) {
    return head.ends("/converse-stream");
  }

  @Override
  public void collect(JsonNode root, SegmentCollector out) {
    content(root.path("system"), Zone.SYSTEM, "system", "/system", out);
    out.each(
        root.path("messages"),
        Zone.USER,
        "",
        "/messages",
        (message, at) -> {
          String role = message.path("role").asText();
          Zone zone = OpenAiChat.zone(role);
          content(message.path("content"), zone, role, at + "/content", out);
          out.rest(message, MESSAGE, zone, role, at);
        });
    JsonNode tools = root.path("toolConfig");
    out.each(
        tools.path("tools"),
        Zone.METADATA,
        "tools",
        "/toolConfig/tools",
        (tool, at) -> {
          out.tool(tool.path("toolSpec").path("name").asText());
          out.everyString(Zone.METADATA, "tools", at, tool);
        });
    out.rest(tools, TOOLS, Zone.METADATA, "tools", "/toolConfig");
    out.settings(root, SETTINGS);
    out.rest(root, REQUEST, Zone.USER, "", "");
  }

  private static void content(
      JsonNode content, Zone zone, String role, String pointer, SegmentCollector out) {
    out.each(content, zone, role, pointer, (block, at) -> block(block, zone, role, at, out));
  }

  /** A block is known by the field that it has. */
  private static void block(
      JsonNode block, Zone zone, String role, String at, SegmentCollector out) {
    for (Map.Entry<String, JsonNode> field : block.properties()) {
      String child = at + "/" + SegmentCollector.escape(field.getKey());
      JsonNode value = field.getValue();
      switch (field.getKey()) {
        case "toolUse" -> {
          out.everyString(Zone.TOOL_CALL, role, child + "/input", value.path("input"));
          out.nameOrText(Zone.TOOL_CALL, role, child + "/name", value.path("name"));
          out.rest(value, TOOL_USE, Zone.TOOL_CALL, role, child);
        }
        case "toolResult" -> {
          content(value.path("content"), Zone.TOOL_RESULT, role, child + "/content", out);
          out.rest(value, MESSAGE, Zone.TOOL_RESULT, role, child);
        }
        case "reasoningContent" -> {
          if (value.has("redactedContent")) {
            out.uninspected(zone, role, child + "/redactedContent", value.path("redactedContent"));
          }
          out.rest(value, REASONING, zone, role, child);
        }
        case "image", "video", "audio" -> out.uninspected(zone, role, child, value);
        case "document" -> document(value, role, child, out);
        case "searchResult" -> out.rest(value, Set.of(), Zone.DOCUMENT, role, child);
        default -> {
          out.name(zone, role, child, field.getKey());
          out.left(value, zone, role, child);
        }
      }
    }
  }

  private static void document(JsonNode document, String role, String at, SegmentCollector out) {
    JsonNode source = document.path("source");
    if (source.has("text") || source.has("content")) {
      out.left(source, Zone.DOCUMENT, role, at + "/source");
    } else {
      out.uninspected(Zone.DOCUMENT, role, at + "/source", source);
    }
    out.rest(document, SOURCE, Zone.DOCUMENT, role, at);
  }

  @Override
  public boolean answers(JsonNode answer) {
    if (answer.path("output").has("message")) {
      return true;
    }
    for (String event : EVENTS) {
      if (answer.path(event).isObject() && answer.size() == 1) {
        return true;
      }
    }
    return false;
  }

  @Override
  public void answer(JsonNode root, SegmentCollector out) {
    JsonNode message = root.path("output").path("message");
    String at = "/output/message";
    JsonNode content = message.path("content");
    content(content, Zone.ASSISTANT, OpenAiChat.ASSISTANT, at + "/content", out);
    for (int i = 0; i < content.size(); i++) {
      JsonNode use = content.path(i).path("toolUse");
      if (use.isObject()) {
        out.call(
            use.path("name").asText(),
            use.path("input").toString(),
            at + "/content/" + i + "/toolUse/input");
      }
    }
    out.rest(message, MESSAGE, Zone.ASSISTANT, OpenAiChat.ASSISTANT, at);
    out.rest(
        root.path("output"), Set.of("message"), Zone.ASSISTANT, OpenAiChat.ASSISTANT, "/output");
    // What a guardrail says it saw: its texts are parts of what was said.
    out.left(root.path("trace"), Zone.ASSISTANT, OpenAiChat.ASSISTANT, "/trace");
    out.rest(root, ANSWER, Zone.ASSISTANT, OpenAiChat.ASSISTANT, "");
  }

  private static final Set<String> DELTA = Set.of("text", "toolUse", "reasoningContent");
  private static final Set<String> BLOCK = Set.of("delta", "start", "p");
  private static final Set<String> START = Set.of("toolUse");
  private static final Set<String> USE = Set.of("name", "input");
  private static final Set<String> PADDING = Set.of("p");

  @Override
  public void event(JsonNode event, AnswerStream out) {
    for (Map.Entry<String, JsonNode> field : event.properties()) {
      JsonNode payload = field.getValue();
      String at = "/output/message/content/" + payload.path("contentBlockIndex").asInt(0);
      switch (field.getKey()) {
        case "contentBlockStart", "contentBlockDelta" -> {
          JsonNode start = payload.path("start");
          use(start.path("toolUse"), at + "/toolUse", out);
          out.rest(start, START, at);
          JsonNode delta = payload.path("delta");
          out.piece(Zone.ASSISTANT, at + "/text", delta.path("text"));
          use(delta.path("toolUse"), at + "/toolUse", out);
          JsonNode reasoning = delta.path("reasoningContent");
          if (reasoning.has("redactedContent")) {
            out.whole()
                .uninspected(
                    Zone.ASSISTANT,
                    OpenAiChat.ASSISTANT,
                    at + "/reasoningContent",
                    reasoning.path("redactedContent"));
          }
          String thought = at + "/reasoningContent/reasoningText";
          out.piece(Zone.ASSISTANT, thought + "/text", reasoning.path("text"));
          out.rest(reasoning, Set.of("text", "redactedContent"), thought);
          out.rest(delta, DELTA, at);
          out.rest(payload, BLOCK, at);
        }
        default -> {
          if (payload.isObject()) {
            out.rest(payload, PADDING, "/" + SegmentCollector.escape(field.getKey()));
          } else if (!payload.isTextual() || !Names.isName(field.getKey(), payload.asText())) {
            out.anyText("/" + SegmentCollector.escape(field.getKey()), payload);
          }
        }
      }
    }
  }

  private static void use(JsonNode use, String at, AnswerStream out) {
    String name = use.path("name").asText();
    out.call(at + "/input", name);
    out.piece(Zone.TOOL_CALL, at + "/input", use.path("input"));
    out.rest(use, Names.isToken(name) ? USE : Set.of("input"), at);
  }

  @Override
  public void facts(JsonNode answer, AnswerFacts facts) {
    facts.common(answer);
    facts.finish(answer.path("stopReason"));
    JsonNode stop = answer.path("messageStop").path("stopReason");
    facts.finish(stop);
    facts.ended |= stop.isTextual();
    for (JsonNode usage : List.of(answer.path("usage"), answer.path("metadata").path("usage"))) {
      facts.completion(usage.path("outputTokens"));
      facts.cachedBeside(
          usage.path("inputTokens"),
          usage.path("cacheReadInputTokens"),
          usage.path("cacheWriteInputTokens"));
    }
  }

  /**
   * botocore and the other SDKs take the exception's name from {@code x-amzn-errortype}, and the
   * text from {@code message}; neither of the two is retried.
   */
  @Override
  public BlockAnswer error(int status, BlockNotice notice) {
    return bedrockError(status, notice);
  }

  /**
   * Amazon's clients try again by the exception's name, not by a header: {@code
   * ThrottlingException} is one that they repeat, {@code ServiceQuotaExceededException} is not
   * (botocore {@code retries/standard.py}).
   */
  @Override
  public BlockAnswer limited(Limited limited, BlockNotice notice) {
    return bedrockLimited(limited, notice);
  }

  static BlockAnswer bedrockLimited(Limited limited, BlockNotice notice) {
    boolean passes = limited.passes();
    return BlockAnswer.error(
        BlockAnswer.LIMITED,
        Map.of(
            BlockAnswer.TYPE,
            "application/json",
            "x-amzn-errortype",
            passes ? "ThrottlingException" : "ServiceQuotaExceededException",
            "x-amzn-requestid",
            notice.decisionId()),
        BlockAnswer.object().put("message", limited.message()));
  }

  @Override
  public long maxTokens(JsonNode body) {
    // Nova takes snake case where it is invoked directly.
    return MaxTokens.largest(body.path("inferenceConfig"), "maxTokens", "max_new_tokens");
  }

  static BlockAnswer bedrockError(int status, BlockNotice notice) {
    return BlockAnswer.error(
        status,
        Map.of(
            BlockAnswer.TYPE,
            "application/json",
            "x-amzn-errortype",
            status == 403 ? "AccessDeniedException" : "ValidationException",
            "x-amzn-requestid",
            notice.decisionId()),
        BlockAnswer.object().put("message", notice.message()));
  }

  @Override
  public BlockAnswer refusal(BlockNotice notice) {
    if (!notice.caller().stream()) {
      return BlockAnswer.json(refusalMessage(notice));
    }
    ObjectNode delta = BlockAnswer.object().put("contentBlockIndex", 0);
    delta.putObject("delta").put("text", notice.message());
    ObjectNode metadata = BlockAnswer.object();
    metadata.set("usage", noTokens());
    metadata.putObject("metrics").put("latencyMs", 0);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(
        EventFrames.encode("messageStart", BlockAnswer.object().put("role", OpenAiChat.ASSISTANT)));
    out.writeBytes(EventFrames.encode("contentBlockDelta", delta));
    out.writeBytes(
        EventFrames.encode("contentBlockStop", BlockAnswer.object().put("contentBlockIndex", 0)));
    out.writeBytes(
        EventFrames.encode(
            "messageStop", BlockAnswer.object().put("stopReason", "guardrail_intervened")));
    out.writeBytes(EventFrames.encode("metadata", metadata));
    return BlockAnswer.stream(EventFrames.CONTENT_TYPE, out.toByteArray());
  }

  static ObjectNode refusalMessage(BlockNotice notice) {
    ObjectNode answer = BlockAnswer.object();
    ObjectNode message = answer.putObject("output").putObject("message");
    message.put("role", OpenAiChat.ASSISTANT);
    message.putArray("content").addObject().put("text", notice.message());
    answer.put("stopReason", "guardrail_intervened").set("usage", noTokens());
    answer.putObject("metrics").put("latencyMs", 0);
    return answer;
  }

  private static ObjectNode noTokens() {
    return BlockAnswer.object().put("inputTokens", 0).put("outputTokens", 0).put("totalTokens", 0);
  }
}
