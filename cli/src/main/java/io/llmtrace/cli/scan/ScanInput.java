package io.llmtrace.cli.scan;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import io.llmtrace.policies.exchange.Dialect;
import io.llmtrace.policies.exchange.Exchange;
import io.llmtrace.policies.exchange.ExchangeReader;
import io.llmtrace.policies.exchange.RequestContent;
import io.llmtrace.policies.exchange.Segment;
import io.llmtrace.policies.exchange.UnreadableBodyException;
import io.llmtrace.policies.exchange.Zone;
import io.llmtrace.policies.json.WireJson;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * One line of {@code scan}'s input: {@code {id, text, zone?}} or {@code {id, path, body}}; other
 * fields are ignored.
 *
 * @param id the line's {@code id} as it stands, or JSON null
 * @param exchange what is to be inspected
 */
record ScanInput(JsonNode id, Exchange exchange) {

  /**
   * Reads a line.
   *
   * @throws BadLineException saying what was found and what would be right
   */
  static ScanInput parse(String line) throws BadLineException {
    JsonNode root;
    try {
      root = WireJson.mapper().readTree(line);
    } catch (JsonProcessingException e) {
      throw new BadLineException(null, "no JSON: " + e.getOriginalMessage());
    }
    JsonNode id = root.path("id");
    if (!root.isObject()) {
      throw new BadLineException(null, "expected an object such as {\"id\": 1, \"text\": \"…\"}");
    }
    if (root.has("text")) {
      return new ScanInput(id, text(root, id));
    }
    if (root.has("body")) {
      return new ScanInput(id, body(root, id));
    }
    throw new BadLineException(id, "expected the key \"text\", or \"path\" and \"body\"");
  }

  private static Exchange text(JsonNode root, JsonNode id) throws BadLineException {
    JsonNode text = root.path("text");
    if (!text.isTextual()) {
      throw new BadLineException(id, "text: expected a string");
    }
    JsonNode zone = root.path("zone");
    if (!zone.isMissingNode() && !zone.isNull() && !zone.isTextual()) {
      throw new BadLineException(id, "zone: expected one of " + zones());
    }
    Segment segment;
    try {
      segment = new Segment(Zone.of(zone.asText("user")), "", "", text.asText());
    } catch (IllegalArgumentException e) {
      throw new BadLineException(id, "zone: expected one of " + zones() + ", not " + zone);
    }
    return new Exchange(
        Dialect.TEXT,
        Dialect.TEXT.provider(),
        Exchange.UNKNOWN_MODEL,
        false,
        List.of(segment),
        List.of(),
        0);
  }

  private static Exchange body(JsonNode root, JsonNode id) throws BadLineException {
    JsonNode path = root.path("path");
    if (!path.isTextual()) {
      throw new BadLineException(id, "path: expected the request's path, such as \"/v1/messages\"");
    }
    JsonNode body = root.path("body");
    String text = body.isTextual() ? body.asText() : body.toString();
    try {
      return ExchangeReader.read(
          new RequestContent(
              "POST",
              path.asText(),
              Map.of("content-type", "application/json"),
              text.getBytes(StandardCharsets.UTF_8)),
          null);
    } catch (UnreadableBodyException e) {
      throw new BadLineException(id, "body: " + e.getMessage());
    }
  }

  private static String zones() {
    return Arrays.stream(Zone.values()).map(Zone::label).collect(Collectors.joining(", "));
  }
}
