package io.llmtrace.policies.exchange;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmtrace.policies.json.WireJson;
import java.util.Map;
import java.util.Set;

/**
 * Messages of the Model Context Protocol (JSON-RPC 2.0; revision 2025-06-18), requests and results
 * alike: a definition of a tool is {@link Zone#METADATA} with the role {@code tools}, as it is in a
 * request to a model; what a tool gave back is {@link Zone#TOOL_RESULT}.
 */
final class McpMessages implements DialectFormat {
  private static final String TOOLS = "tools";
  private static final String SERVER = "server";
  private static final Set<String> MESSAGE = Set.of("error", "result", "params");
  private static final Set<String> CALL = Set.of("name", "arguments");
  private static final Set<String> SAMPLING = Set.of("systemPrompt", "messages");
  private static final Set<String> CONTENT = Set.of("content");
  private static final Set<String> TEXT = Set.of("text");
  private static final Set<String> RESOURCE = Set.of("resource");

  /** JSON-RPC leaves -32000 to -32099 to servers. */
  private static final int BLOCKED = -32000;

  @Override
  public boolean named(RequestHead head) {
    return head.ends("/mcp")
        || head.headers().containsKey("mcp-protocol-version")
        || head.headers().containsKey("mcp-session-id");
  }

  /** Whether a document is one message or a batch of them. */
  @Override
  public boolean resembles(JsonNode root) {
    JsonNode first = root.isArray() ? root.path(0) : root;
    return first.path("jsonrpc").asText().equals("2.0")
        && (first.has("method") || first.has("result") || first.has("error"));
  }

  @Override
  public String callId(JsonNode body) {
    if (body.isArray()) {
      ArrayNode ids = WireJson.mapper().createArrayNode();
      for (JsonNode message : body) {
        if (hasId(message)) {
          ids.add(message.path("id"));
        }
      }
      return ids.isEmpty() ? "" : BlockAnswer.text(ids);
    }
    return hasId(body) ? BlockAnswer.text(body.path("id")) : "";
  }

  /** An id is a string or a number; anything else would be sent back as it came, for nothing. */
  private static boolean hasId(JsonNode message) {
    return message.path("id").isTextual() || message.path("id").isNumber();
  }

  @Override
  public void collect(JsonNode root, SegmentCollector out) {
    if (!resembles(root)) {
      out.everyString(Zone.USER, "", "", root);
    } else if (root.isArray()) {
      out.each(root, Zone.USER, "", "", (message, at) -> message(message, at, out));
    } else {
      message(root, "", out);
    }
  }

  private static void message(JsonNode message, String at, SegmentCollector out) {
    out.everyString(Zone.TOOL_RESULT, SERVER, at + "/error", message.path("error"));
    JsonNode result = message.path("result");
    if (result.isObject()) {
      for (Map.Entry<String, JsonNode> field : result.properties()) {
        String child = at + "/result/" + SegmentCollector.escape(field.getKey());
        out.name(Zone.TOOL_RESULT, SERVER, child, field.getKey());
        result(field.getKey(), field.getValue(), child, out);
      }
    } else {
      out.everyString(Zone.TOOL_RESULT, SERVER, at + "/result", result);
    }
    JsonNode params = message.path("params");
    String pointer = at + "/params";
    switch (message.path("method").asText()) {
      case "tools/call" -> {
        out.tool(params.path("name").asText());
        out.everyString(Zone.TOOL_CALL, "", pointer + "/arguments", params.path("arguments"));
        out.nameOrText(Zone.TOOL_CALL, "", pointer + "/name", params.path("name"));
        out.rest(params, CALL, Zone.TOOL_CALL, "", pointer);
      }
      case "sampling/createMessage" -> {
        out.everyString(
            Zone.SYSTEM, SERVER, pointer + "/systemPrompt", params.path("systemPrompt"));
        messages(params.path("messages"), pointer + "/messages", out);
        out.rest(params, SAMPLING, Zone.USER, "", pointer);
      }
      default -> out.everyString(Zone.USER, "", pointer, params);
    }
    out.rest(message, MESSAGE, Zone.USER, "", at);
  }

  private static void result(String name, JsonNode value, String at, SegmentCollector out) {
    switch (name) {
      case TOOLS -> out.definitions(value, at, "");
      // A server's instructions and its lists are read by the model before any call is made.
      case "instructions", "prompts", "resources", "resourceTemplates", "serverInfo" ->
          out.everyString(Zone.METADATA, SERVER, at, value);
      case "contents" ->
          out.each(value, Zone.DOCUMENT, SERVER, at, (part, place) -> resource(part, place, out));
      case "messages" -> messages(value, at, out);
      case "content" -> content(value, Zone.TOOL_RESULT, SERVER, at, out);
      default -> out.everyString(Zone.TOOL_RESULT, SERVER, at, value);
    }
  }

  private static void resource(JsonNode resource, String at, SegmentCollector out) {
    if (resource.has("blob")) {
      out.uninspected(Zone.DOCUMENT, SERVER, at, resource);
    } else {
      out.rest(resource, Set.of(), Zone.DOCUMENT, SERVER, at);
    }
  }

  private static void content(
      JsonNode content, Zone zone, String role, String at, SegmentCollector out) {
    if (content.isObject()) {
      part(content, zone, role, at, out);
    } else {
      out.each(content, zone, role, at, (part, place) -> part(part, zone, role, place, out));
    }
  }

  private static void part(JsonNode part, Zone zone, String role, String at, SegmentCollector out) {
    switch (part.path("type").asText()) {
      case "text" -> {
        out.everyString(zone, role, at + "/text", part.path("text"));
        out.rest(part, TEXT, zone, role, at);
      }
      case "image", "audio" -> out.uninspected(zone, role, at, part);
      case "resource" -> {
        resource(part.path("resource"), at + "/resource", out);
        out.rest(part, RESOURCE, Zone.DOCUMENT, role, at);
      }
      default -> out.everyString(zone, role, at, part);
    }
  }

  private static void messages(JsonNode messages, String pointer, SegmentCollector out) {
    out.each(
        messages,
        Zone.USER,
        "",
        pointer,
        (message, at) -> {
          String role = message.path("role").asText();
          Zone zone = role.equals(OpenAiChat.ASSISTANT) ? Zone.ASSISTANT : Zone.USER;
          content(message.path("content"), zone, role, at + "/content", out);
          out.rest(message, CONTENT, zone, role, at);
        });
  }

  @Override
  public boolean answers(JsonNode answer) {
    return resembles(answer);
  }

  @Override
  public void answer(JsonNode answer, SegmentCollector out) {
    collect(answer, out);
  }

  /** Each event is a whole message. */
  @Override
  public void event(JsonNode event, AnswerStream out) {
    collect(event, out.whole());
  }

  @Override
  public void facts(JsonNode answer, AnswerFacts facts) {
    facts.error(answer.path("error"));
    facts.ended = true;
  }

  /**
   * An error with the id of the call. Where there is one, the status is 200 unless 403 is asked
   * for: a client gives an error of JSON-RPC to whoever called, while the Python client puts a text
   * of its own in the place of an HTTP error's body ({@code mcp/client/streamable_http.py}).
   */
  @Override
  public BlockAnswer error(int status, BlockNotice notice) {
    String id = notice.caller().callId();
    JsonNode ids = id.isEmpty() ? NullNode.getInstance() : ProviderText.json(id);
    int answered = status == 403 || id.isEmpty() ? status : 200;
    Map<String, String> headers = Map.of(BlockAnswer.TYPE, "application/json");
    if (!ids.isArray()) {
      return new BlockAnswer(answered, headers, BlockAnswer.bytes(error(ids, notice)));
    }
    ArrayNode errors = WireJson.mapper().createArrayNode();
    ids.forEach(each -> errors.add(error(each, notice)));
    return new BlockAnswer(answered, headers, BlockAnswer.bytes(errors));
  }

  /**
   * The status is 429 with or without an id: whoever paces requests looks at it, and the error of
   * JSON-RPC is in the body for who looks there.
   */
  @Override
  public BlockAnswer limited(Limited limited, BlockNotice notice) {
    String id = notice.caller().callId();
    JsonNode ids = id.isEmpty() ? NullNode.getInstance() : ProviderText.json(id);
    JsonNode body;
    if (ids.isArray()) {
      ArrayNode errors = WireJson.mapper().createArrayNode();
      ids.forEach(each -> errors.add(limited(each, limited, notice)));
      body = errors;
    } else {
      body = limited(ids, limited, notice);
    }
    return new BlockAnswer(
        BlockAnswer.LIMITED, Map.of(BlockAnswer.TYPE, "application/json"), BlockAnswer.bytes(body));
  }

  private static ObjectNode limited(JsonNode id, Limited limited, BlockNotice notice) {
    ObjectNode body = error(id, notice);
    ObjectNode error = (ObjectNode) body.path("error");
    error.put("message", limited.message());
    if (limited.retryAfterSeconds() > 0) {
      ((ObjectNode) error.path("data")).put("retry_after_seconds", limited.retryAfterSeconds());
    }
    return body;
  }

  /** Of {@code sampling/createMessage}. */
  @Override
  public long maxTokens(JsonNode body) {
    return MaxTokens.largest(body.path("params"), "maxTokens");
  }

  private static ObjectNode error(JsonNode id, BlockNotice notice) {
    ObjectNode body = BlockAnswer.object().put("jsonrpc", "2.0");
    body.set("id", id);
    body.putObject("error")
        .put("code", BLOCKED)
        .put("message", notice.message())
        .putObject("data")
        .put("decision_id", notice.decisionId());
    return body;
  }

  /** The protocol has no other way to say no to any method. */
  @Override
  public BlockAnswer refusal(BlockNotice notice) {
    return error(400, notice);
  }
}
