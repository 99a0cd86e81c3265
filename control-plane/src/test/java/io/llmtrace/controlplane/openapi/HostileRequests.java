package io.llmtrace.controlplane.openapi;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmtrace.policies.json.WireJson;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;

/**
 * Requests that an OpenAPI document nearly allows: valid ones of which something is spoilt. The
 * same seed makes the same requests. Not thread-safe.
 */
final class HostileRequests {
  private static final List<String> TEXTS =
      List.of(
          "",
          " ",
          "0",
          "-1",
          "1",
          "default",
          "*",
          "null",
          "true",
          "'",
          "' OR '1'='1",
          "'; DROP TABLE tenants; --",
          "\"",
          "%",
          "_",
          "\\",
          "$1",
          ":id",
          "?",
          "{}",
          "[]",
          "../../etc/passwd",
          "..",
          ".",
          "a/b",
          "\u0000",
          "a\u0000b",
          "\uD800",
          "\uDC00x",
          "\u202e\ufeff",
          "\uD83D\uDE00",
          "9223372036854775807",
          "9223372036854775808",
          "-9223372036854775809",
          "1e400",
          "NaN",
          "2026-02-30T00:00:00Z",
          "2026-01-01",
          "+999999999-12-31T23:59:59Z",
          "-999999999-01-01T00:00:00Z",
          "294277-01-01T00:00:00Z",
          "01ARZ3NDEKTSV4RRFFQ69G5FAV",
          "7ZZZZZZZZZZZZZZZZZZZZZZZZZ",
          "WyIwIl0",
          "WyJhIiwiYiJd",
          "WyI5OTk5OTk5OTk5OTk5OTk5OTk5OTkiLCJhIl0",
          "W251bGxd",
          "AAAA",
          "2147483648",
          "999",
          "hour",
          "day",
          "model",
          "finding",
          "x".repeat(300),
          "é".repeat(900));

  private static final List<String> JSON =
      List.of(
          "null",
          "true",
          "0",
          "-1",
          "1e999",
          "1e-999",
          "1E1000000000",
          "123456789012345678901234567890",
          "0.1234567890123456789",
          "9".repeat(200),
          "\"\"",
          "\"\\u0000\"",
          "\"a\\u0000b\"",
          "\"\\ud800\"",
          "\"\\udc00\\ud800\"",
          "[]",
          "[null]",
          "[[]]",
          "{}",
          "{\"\":null}",
          "{\"a\\u0000\":\"\\ud800\"}",
          "[\"*\"]",
          "[\"*\",\"default\"]",
          "[1,\"x\",null,{}]",
          "\"' OR 1=1 --\"",
          "\"2026-01-01T00:00:00Z\"",
          "\"9999-12-31T23:59:59Z\"",
          "\"" + "x".repeat(5_000) + "\"",
          "[".repeat(40) + "]".repeat(40),
          "{\"retention\":\"short\"}",
          "{\"retention\":[]}");

  private static final List<String> BODIES =
      List.of(
          "",
          " ",
          "null",
          "[]",
          "\"x\"",
          "{",
          "}",
          "{\"a\":}",
          "{\"a\":1,\"a\":2}",
          "{\"a\":1}{",
          "{\"a\":NaN}",
          "{\"a\":01}",
          "\u0000",
          "{\"a\":\"\u0001\"}",
          "<x/>",
          "a=b&c=d",
          "[".repeat(5_000),
          "{\"a\":".repeat(3_000) + "1",
          "{\"x\":\"" + "y".repeat(70_000) + "\"}");

  private static final List<String> HEADERS =
      List.of(
          "If-Match: *",
          "If-Match: \"1\"",
          "If-Match: W/\"1\"",
          "If-Match: \"9223372036854775808\", ,",
          "If-Match: ''",
          "If-None-Match: \"",
          "Idempotency-Key: 0123456789abcdef",
          "Idempotency-Key: short",
          "Idempotency-Key: " + "k".repeat(500),
          "Idempotency-Key: \u00e9\u0001",
          "Accept: */*;q=0",
          "Accept: text/html",
          "Accept: ;;;",
          "Accept: application/json;q=abc",
          "Content-Encoding: gzip",
          "Content-Encoding: br",
          "Accept-Encoding: gzip;q=x",
          "X-Request-Id: a\u0000b",
          "X-Request-Id: " + "r".repeat(3_000),
          "X-Forwarded-For: 1.2.3.4, not-an-address",
          "Forwarded: for=\"_x\"",
          "User-Agent: \u00ff\u0001'",
          "Accept-Language: xx-;q=9",
          "Cookie: a=b; c",
          "X-HTTP-Method-Override: DELETE",
          "Range: bytes=0-",
          "Expect: nothing",
          "Transfer-Encoding: identity");

  private static final List<String> TYPES =
      List.of(
          "application/json",
          "application/json",
          "application/json",
          "text/plain",
          "application/x-www-form-urlencoded",
          "multipart/form-data",
          "application/json;charset=utf-16",
          "a",
          "/",
          "application/xml",
          "");

  private final Random random;
  private final JsonNode document;
  private final Map<String, String> ids;

  /**
   * @param ids one that is there, by path
   */
  HostileRequests(long seed, JsonNode document, Map<String, String> ids) {
    this.random = new Random(seed);
    this.document = document;
    this.ids = ids;
  }

  /** The next request for an operation, as it goes over the wire. */
  byte[] of(String verb, String template, JsonNode operation, String key) throws IOException {
    String path = template;
    for (JsonNode parameter : operation.path("parameters")) {
      if (parameter.path("in").asText().equals("path")) {
        String known = ids.get(template);
        path =
            path.replace(
                "{" + parameter.path("name").asText() + "}",
                known != null && random.nextInt(3) > 0 ? known : encoded(pick(TEXTS)));
      }
    }
    if (random.nextInt(40) == 0) {
      path = path + pick(List.of("/", "//", ";a=b", "/%00", "/..;/x", "%2f", "/\u00ff", "%zz"));
    }
    List<String> query = new ArrayList<>();
    for (JsonNode parameter : operation.path("parameters")) {
      if (parameter.path("in").asText().equals("query") && random.nextInt(3) == 0) {
        String name = parameter.path("name").asText();
        query.add(encoded(name) + "=" + encoded(pick(TEXTS)));
        if (random.nextInt(20) == 0) {
          query.add(encoded(name) + "=" + encoded(pick(TEXTS)));
        }
      }
    }
    if (random.nextInt(25) == 0) {
      query.add(pick(List.of("unknown=1", "=", "&&", "%", "%00=%00", "limit=%ff", "a[]=1")));
    }
    StringBuilder head = new StringBuilder(verb).append(' ').append(path);
    head.append(query.isEmpty() ? "" : "?" + String.join("&", query)).append(" HTTP/1.1\r\n");
    head.append("Host: localhost\r\nConnection: close\r\n");
    head.append("Authorization: Bearer ").append(key).append("\r\n");
    if (verb.equals("PATCH") || verb.equals("PUT")) {
      head.append(random.nextInt(4) > 0 ? "If-Match: *\r\n" : "");
    }
    for (int i = random.nextInt(3); i > 0; i--) {
      head.append(pick(HEADERS)).append("\r\n");
    }
    byte[] body = new byte[0];
    if (operation.has("requestBody") || random.nextInt(30) == 0) {
      body = body(operation).getBytes(StandardCharsets.UTF_8);
      if (random.nextInt(20) == 0 && body.length > 0) {
        body[random.nextInt(body.length)] = (byte) random.nextInt(256);
      }
      head.append("Content-Type: ").append(pick(TYPES)).append("\r\n");
      head.append("Content-Length: ").append(body.length).append("\r\n");
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(head.append("\r\n").toString().getBytes(StandardCharsets.ISO_8859_1));
    out.write(body);
    return out.toByteArray();
  }

  private String body(JsonNode operation) throws IOException {
    if (random.nextInt(6) == 0) {
      return pick(BODIES);
    }
    JsonNode schema =
        operation.path("requestBody").path("content").path("application/json").path("schema");
    JsonNode valid = value(schema, 0);
    if (!(valid instanceof ObjectNode object)) {
      return valid.toString();
    }
    List<String> fields = new ArrayList<>();
    object.fieldNames().forEachRemaining(fields::add);
    StringBuilder text = new StringBuilder("{");
    for (String field : fields) {
      if (random.nextInt(12) == 0) {
        continue;
      }
      String value =
          random.nextInt(4) == 0
              ? pick(JSON)
              : random.nextInt(4) == 0
                  ? spoilt(object.get(field)).toString()
                  : object.get(field).toString();
      text.append(text.length() > 1 ? "," : "").append('"').append(field).append("\":");
      text.append(value);
    }
    if (random.nextInt(15) == 0) {
      text.append(text.length() > 1 ? "," : "").append("\"no\\u0000such\":1");
    }
    return text.append('}').toString();
  }

  /** The same value with one leaf of it replaced. */
  private JsonNode spoilt(JsonNode value) throws IOException {
    if (value instanceof ObjectNode object && !object.isEmpty()) {
      ObjectNode copy = object.deepCopy();
      List<String> names = new ArrayList<>();
      copy.fieldNames().forEachRemaining(names::add);
      String name = pick(names);
      copy.set(name, spoilt(copy.get(name)));
      return copy;
    }
    if (value.isArray() && !value.isEmpty()) {
      var copy = WireJson.mapper().createArrayNode().addAll(List.of());
      value.forEach(copy::add);
      int place = random.nextInt(copy.size());
      copy.set(place, spoilt(copy.get(place)));
      return copy;
    }
    String hostile = pick(JSON);
    // What a tree cannot hold is sent at the top of a body.
    return hostile.length() > 100 || hostile.contains("1E1")
        ? WireJson.mapper().getNodeFactory().nullNode()
        : WireJson.mapper().readTree(hostile);
  }

  private JsonNode value(JsonNode schema, int depth) {
    var json = WireJson.mapper().getNodeFactory();
    if (schema.has("$ref")) {
      return value(document.at(schema.path("$ref").asText().substring(1)), depth + 1);
    }
    if (schema.has("const")) {
      return schema.path("const");
    }
    if (schema.has("enum")) {
      return schema.path("enum").get(random.nextInt(schema.path("enum").size()));
    }
    for (String choice : List.of("oneOf", "anyOf")) {
      if (schema.has(choice)) {
        return value(schema.path(choice).get(random.nextInt(schema.path(choice).size())), depth);
      }
    }
    if (schema.has("allOf")) {
      ObjectNode all = json.objectNode();
      schema.path("allOf").forEach(part -> all.setAll((ObjectNode) value(part, depth)));
      return all;
    }
    JsonNode type = schema.path("type");
    String name = type.isArray() ? type.get(random.nextInt(type.size())).asText() : type.asText();
    return switch (name.toLowerCase(Locale.ROOT)) {
      case "integer" -> json.numberNode(schema.path("minimum").asLong(0) + random.nextInt(3));
      case "number" -> json.numberNode(random.nextInt(1_000) / 8.0);
      case "boolean" -> json.booleanNode(random.nextBoolean());
      case "string" ->
          json.textNode(random.nextInt(3) > 0 ? "fuzz" + random.nextInt(1_000) : pick(TEXTS));
      case "array" -> {
        var list = json.arrayNode();
        for (int i = random.nextInt(3); i > 0 && depth < 8; i--) {
          list.add(value(schema.path("items"), depth + 1));
        }
        yield list;
      }
      case "object" -> {
        ObjectNode object = json.objectNode();
        if (depth < 8) {
          schema
              .path("properties")
              .properties()
              .forEach(each -> object.set(each.getKey(), value(each.getValue(), depth + 1)));
        }
        yield object;
      }
      default -> json.nullNode();
    };
  }

  private <T> T pick(List<T> from) {
    return from.get(random.nextInt(from.size()));
  }

  /** Percent-encoded; half of a surrogate pair as the three bytes that no UTF-8 has. */
  private static String encoded(String text) {
    StringBuilder out = new StringBuilder();
    for (int i = 0; i < text.length(); i++) {
      char unit = text.charAt(i);
      boolean pair =
          Character.isHighSurrogate(unit)
              && i + 1 < text.length()
              && Character.isLowSurrogate(text.charAt(i + 1));
      if (pair) {
        percent(out, text.substring(i, i + 2).getBytes(StandardCharsets.UTF_8));
        i++;
      } else if (Character.isSurrogate(unit)) {
        percent(
            out,
            new byte[] {
              (byte) (0xe0 | (unit >> 12)),
              (byte) (0x80 | ((unit >> 6) & 0x3f)),
              (byte) (0x80 | (unit & 0x3f))
            });
      } else if (unit < 128 && (Character.isLetterOrDigit(unit) || "-._~*".indexOf(unit) >= 0)) {
        out.append(unit);
      } else {
        percent(out, String.valueOf(unit).getBytes(StandardCharsets.UTF_8));
      }
    }
    return out.toString();
  }

  private static void percent(StringBuilder out, byte[] bytes) {
    for (byte each : bytes) {
      out.append('%').append(String.format(Locale.ROOT, "%02X", each & 0xff));
    }
  }
}
