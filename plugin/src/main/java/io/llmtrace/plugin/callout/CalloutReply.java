package io.llmtrace.plugin.callout;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmtrace.plugin.gateway.Answer;
import io.llmtrace.plugin.identity.DecisionIds;
import io.llmtrace.plugin.local.CalloutEndpoint.Reply;
import io.llmtrace.policies.wire.InspectionRecord;
import io.llmtrace.policies.wire.WireJson;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
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

  private CalloutReply() {}

  /** The action that an answer comes to. */
  static String action(Answer answer, @Nullable InspectionRecord record) {
    if (record != null) {
      return record.decision().action().label();
    }
    return answer instanceof Answer.Stop ? "block" : "allow";
  }

  static Reply of(Answer answer, @Nullable InspectionRecord record) {
    ObjectNode json = WireJson.mapper().createObjectNode();
    String action = action(answer, record);
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
        upstream.put("body_base64", Base64.getEncoder().encodeToString(bytes));
      }
      set(json.putObject("client"), "headers", rewrite.responseHeaders());
    }
    try {
      return new Reply(200, JSON, headers, WireJson.mapper().writeValueAsBytes(json));
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
