package io.llmtrace.plugin.callout;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmtrace.plugin.gateway.Answer;
import io.llmtrace.plugin.identity.DecisionIds;
import io.llmtrace.plugin.local.CalloutEndpoint.Reply;
import io.llmtrace.policies.json.WireJson;
import io.llmtrace.policies.wire.InspectionRecord;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Says what was decided, as JSON and, for who reads none, as headers. Stateless. */
final class CalloutReply {
  /** {@code allow}, {@code flag}, {@code redact}, {@code limit} or {@code block}. */
  static final String DECISION_HEADER = "x-llmtrace-decision";

  /** The status that a client is to get who is stopped. */
  static final String STATUS_HEADER = "x-llmtrace-status";

  private static final String JSON = "application/json";

  /** Twice the body, and twice its base64, which is a third more: a little less than five. */
  private static final long WEIGHT = 5;

  private CalloutReply() {}

  /** The action that an answer comes to. */
  static String action(Answer answer, @Nullable InspectionRecord record) {
    if (record != null) {
      return record.decision().action().label();
    }
    return answer instanceof Answer.Stop ? "block" : "allow";
  }

  /**
   * Bytes that an answer takes while it is made: the new body, a copy of it, and the JSON around it
   * in base64 twice, in pieces and whole. What has no new body is small.
   */
  static long memory(Answer answer) {
    ByteBuffer body = answer instanceof Answer.Rewrite rewrite ? rewrite.body() : null;
    return body == null ? 0 : WEIGHT * body.remaining();
  }

  /**
   * There is no memory for the new body. The old one must not go on, and the client may come again:
   * so this is a stop, and none that tells it not to.
   */
  static Reply noMemory(@Nullable InspectionRecord record) {
    ObjectNode json = head("block", record);
    Map<String, String> headers = new LinkedHashMap<>();
    headers.put(DECISION_HEADER, "block");
    headers.put("cache-control", "no-store");
    headers.put(STATUS_HEADER, "503");
    ObjectNode client = json.putObject("client");
    client.put("status", 503);
    set(client, "headers", Map.of("content-type", "application/problem+json", "retry-after", "1"));
    client.put(
        "body",
        "{\"type\":\"about:blank\",\"title\":\"Service Unavailable\",\"status\":503,"
            + "\"detail\":\"too much is inspected at once; send it again\"}");
    return new Reply(200, JSON, headers, bytes(json));
  }

  static Reply of(Answer answer, @Nullable InspectionRecord record) {
    String action = action(answer, record);
    ObjectNode json = head(action, record);
    Map<String, String> headers = new LinkedHashMap<>();
    headers.put(DECISION_HEADER, action);
    headers.put("cache-control", "no-store");
    if (answer instanceof Answer.Stop stop) {
      headers.put(STATUS_HEADER, Integer.toString(stop.status()));
      id(stop.headers(), headers);
      ObjectNode client = json.putObject("client");
      client.put("status", stop.status());
      set(client, "headers", stop.headers());
      // Ours, in the caller's dialect: text.
      client.put("body", new String(stop.body(), StandardCharsets.UTF_8));
    } else if (answer instanceof Answer.Rewrite rewrite) {
      id(rewrite.headers(), headers);
      ObjectNode upstream = json.putObject("upstream");
      set(upstream, "headers", rewrite.headers());
      rewrite.removed().stream().sorted().forEach(upstream.putArray("remove")::add);
      ByteBuffer body = rewrite.body();
      if (body != null) {
        // The client's but for what was replaced, and so not surely text.
        byte[] bytes = new byte[body.remaining()];
        body.duplicate().get(bytes);
        upstream.put("body_base64", bytes);
      }
      set(json.putObject("client"), "headers", rewrite.responseHeaders());
    }
    return new Reply(200, JSON, headers, bytes(json));
  }

  private static ObjectNode head(String action, @Nullable InspectionRecord record) {
    ObjectNode json = WireJson.mapper().createObjectNode();
    json.put("action", action);
    if (record == null) {
      // Deciding failed; the plugin's log says why.
      json.put("would", action).put("coverage", "uninspected").put("reason", "error");
    } else {
      json.put("would", record.decision().would().label())
          .put("decision_id", record.decisionId())
          .put("policy", record.decision().policy())
          .put("rule", record.decision().rule())
          .put("category", record.decision().category())
          .put("coverage", record.receipt().coverage().label())
          .put("reason", record.receipt().reason())
          .put("findings", record.findings().size());
    }
    return json;
  }

  private static byte[] bytes(ObjectNode json) {
    try {
      return WireJson.mapper().writeValueAsBytes(json);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("an answer of our own cannot be written", e);
    }
  }

  /** RFC 9457. */
  static Reply problem(int status, String title, String detail, Map<String, String> headers) {
    ObjectNode json = WireJson.mapper().createObjectNode();
    json.put("type", "about:blank").put("title", title).put("status", status);
    json.put("detail", detail);
    return new Reply(
        status,
        "application/problem+json",
        headers,
        json.toString().getBytes(StandardCharsets.UTF_8));
  }

  private static void id(Map<String, String> from, Map<String, String> to) {
    String id = from.get(DecisionIds.HEADER);
    if (id != null) {
      to.put(DecisionIds.HEADER, id);
    }
  }

  private static void set(ObjectNode parent, String name, Map<String, String> headers) {
    ObjectNode object = parent.putObject(name);
    headers.forEach(object::put);
  }
}
