package io.llmtrace.cli.demo;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A message of Slack as a terminal can show it. Stateless. */
final class SlackText {
  private static final Pattern LINK = Pattern.compile("<(https?://[^\\s<>|]+)\\|([^<>]+)>");

  private SlackText() {}

  /** Its texts, a line each, with their formatting taken away. */
  static List<String> lines(JsonNode message) {
    List<String> lines = new ArrayList<>();
    for (JsonNode blocks : message.findValues("blocks")) {
      for (JsonNode block : blocks) {
        if (block.has("text")) {
          lines.addAll(plain(block.path("text")).lines().toList());
        }
        for (String many : List.of("fields", "elements")) {
          for (JsonNode text : block.path(many)) {
            lines.add(plain(text).replace("\n", ": "));
          }
        }
      }
    }
    return lines;
  }

  private static String plain(JsonNode text) {
    String raw = text.path("text").asText();
    if (text.path("type").asText().equals("mrkdwn")) {
      raw = LINK.matcher(raw).replaceAll("$2: $1").replace("*", "").replace("`", "");
    }
    return raw.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
  }

  /** Where a link of the message leads. */
  static Optional<URI> link(JsonNode message, String label) {
    Matcher links = LINK.matcher(String.join(" ", message.findValuesAsText("text")));
    while (links.find()) {
      if (links.group(2).equals(label)) {
        return Optional.of(URI.create(links.group(1).replace("&amp;", "&")));
      }
    }
    return Optional.empty();
  }
}
