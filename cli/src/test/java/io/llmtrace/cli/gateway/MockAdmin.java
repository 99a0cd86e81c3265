package io.llmtrace.cli.gateway;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.llmtrace.policies.json.WireJson;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * The Admin API of APISIX 3 as far as configuration files and commands ask it: keys, shapes of
 * answers and errors, PUT that replaces, PATCH that merges objects, replaces arrays and removes
 * what is null, plugins that are not loaded, fields that a plugin does not have.
 */
public final class MockAdmin implements AutoCloseable {
  public static final String KEY = "edd1c9f034335f136f87ad84b625c8f1-test";

  /** By kind and id, such as {@code routes/chat}. */
  public final Map<String, ObjectNode> stored = new TreeMap<>();

  public final List<String> asked = new CopyOnWriteArrayList<>();
  public volatile Set<String> loaded =
      Set.of(
          "ext-plugin-post-req",
          "ext-plugin-post-resp",
          "http-logger",
          "key-auth",
          "real-ip",
          "request-id",
          "opentelemetry",
          "prometheus",
          "proxy-rewrite",
          "limit-count",
          "client-control");

  /** Whether there are no routes to ask for, as in standalone mode. */
  public volatile boolean standalone;

  /** Called with a route that was changed, before it is stored. */
  public volatile java.util.function.Consumer<ObjectNode> meddling = route -> {};

  private final HttpServer server;
  private long index = 10;

  public MockAdmin() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/", this::serve);
    server.start();
  }

  public URI url() {
    return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
  }

  private synchronized void serve(HttpExchange exchange) throws IOException {
    try (exchange) {
      String path = exchange.getRequestURI().getPath();
      String verb = exchange.getRequestMethod();
      asked.add(verb + " " + path);
      JsonNode body = WireJson.mapper().readTree(exchange.getRequestBody());
      if (!path.startsWith("/apisix/admin/") || standalone) {
        answer(exchange, 404, "{\"error_msg\":\"404 Route Not Found\"}");
      } else if (!KEY.equals(exchange.getRequestHeaders().getFirst("X-API-KEY"))) {
        answer(
            exchange,
            401,
            "{\"description\":\"wrong apikey\",\"error_msg\":\"failed to check token\"}");
      } else {
        serve(exchange, verb, path.substring("/apisix/admin/".length()), body);
      }
    }
  }

  private void serve(HttpExchange exchange, String verb, String key, JsonNode body)
      throws IOException {
    ObjectNode before = stored.get(key);
    switch (verb) {
      case "GET" -> {
        if (before == null) {
          answer(exchange, 404, "{\"message\":\"Key not found\"}");
        } else {
          answer(exchange, 200, node(key, before).toString());
        }
      }
      case "PUT" -> {
        // A consumer is put without an id, and named by its body.
        String named = key.equals("consumers") ? key + "/" + body.path("username").asText() : key;
        store(exchange, named, (ObjectNode) body, stored.containsKey(named) ? 200 : 201);
      }
      case "PATCH" -> {
        if (before == null) {
          answer(exchange, 404, "{\"message\":\"Key not found\"}");
        } else {
          ObjectNode merged = before.deepCopy();
          merge(merged, body);
          store(exchange, key, merged, 200);
        }
      }
      case "DELETE" -> {
        stored.remove(key);
        answer(
            exchange,
            before == null ? 404 : 200,
            before == null ? "{\"message\":\"Key not found\"}" : "{\"deleted\":\"1\"}");
      }
      default -> answer(exchange, 404, "");
    }
  }

  private void store(HttpExchange exchange, String key, ObjectNode value, int status)
      throws IOException {
    for (Map.Entry<String, JsonNode> plugin : value.path("plugins").properties()) {
      if (!loaded.contains(plugin.getKey())) {
        answer(exchange, 400, "{\"error_msg\":\"unknown plugin [" + plugin.getKey() + "]\"}");
        return;
      }
    }
    for (JsonNode label : value.path("labels")) {
      if (!label.asText().matches("\\S{1,64}")) {
        answer(exchange, 400, "{\"error_msg\":\"invalid configuration: labels\"}");
        return;
      }
    }
    if (key.startsWith("routes/")) {
      value.put("id", key.substring("routes/".length()));
      value.putIfAbsent("status", WireJson.mapper().getNodeFactory().numberNode(1));
      // As the gateway fills in what a schema has a default for.
      if (value.at("/plugins/http-logger") instanceof ObjectNode logger) {
        logger.putIfAbsent("timeout", WireJson.mapper().getNodeFactory().numberNode(3));
        logger.putIfAbsent("name", WireJson.mapper().getNodeFactory().textNode("http logger"));
      }
      meddling.accept(value);
    }
    value.put("update_time", ++index);
    stored.put(key, value);
    answer(exchange, status, node(key, value).toString());
  }

  private ObjectNode node(String key, ObjectNode value) {
    ObjectNode node = WireJson.mapper().createObjectNode();
    node.put("key", "/apisix/" + key).put("createdIndex", 5).put("modifiedIndex", index);
    node.set("value", value);
    return node;
  }

  /** As {@code core.table.merge}: arrays are replaced, as is an object that is empty. */
  private static void merge(ObjectNode into, JsonNode patch) {
    for (Map.Entry<String, JsonNode> member : patch.properties()) {
      JsonNode before = into.get(member.getKey());
      JsonNode value = member.getValue();
      if (value.isNull()) {
        into.remove(member.getKey());
      } else if (value.isObject() && before instanceof ObjectNode object && !object.isEmpty()) {
        merge(object, value);
      } else {
        into.set(member.getKey(), value.deepCopy());
      }
    }
  }

  private static void answer(HttpExchange exchange, int status, String body) throws IOException {
    byte[] bytes = body.getBytes(UTF_8);
    exchange.getResponseHeaders().set("Content-Type", "application/json");
    exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
    if (bytes.length > 0) {
      exchange.getResponseBody().write(bytes);
    }
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
