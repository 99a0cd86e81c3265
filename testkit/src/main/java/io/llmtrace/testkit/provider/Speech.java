package io.llmtrace.testkit.provider;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Base64;
import java.util.List;
import java.util.Optional;

/** What the models say, word for word. */
final class Speech {
  /** A model that tells the system prompt it was given. */
  static final String RECITES = "recites-prompt";

  /** A model that draws an image whose address carries what the user said. */
  static final String BEACON = "image-beacon";

  /** A model that calls the first tool it is given, and tells what the tool answered. */
  static final String CALLS = "calls-tool";

  private static final List<String> GREETING =
      List.of("Hello", " from", " the", " mock", " provider.");

  private Speech() {}

  static Reply reply(String model, JsonNode asked) {
    if (!model.equals(CALLS)) {
      return Reply.of(words(model, asked));
    }
    Optional<String> result = result(asked);
    JsonNode tool = asked.path("tools").path(0);
    String name = tool.path("function").path("name").asText(tool.path("name").asText());
    return result.isPresent()
        ? Reply.of(split("The tool said: " + result.get()))
        : Reply.calling(name);
  }

  /** What the last item holds, if it is a tool's answer. */
  private static Optional<String> result(JsonNode asked) {
    JsonNode items = asked.has("input") ? asked.path("input") : asked.path("messages");
    JsonNode last = items.path(items.size() - 1);
    if (last.path("role").asText().equals("tool")) {
      return Optional.of(text(last.path("content")));
    }
    if (last.path("type").asText().equals("function_call_output")) {
      return Optional.of(text(last.path("output")));
    }
    JsonNode block = last.path("content").path(0);
    return block.path("type").asText().equals("tool_result")
        ? Optional.of(text(block.path("content")))
        : Optional.empty();
  }

  private static String text(JsonNode content) {
    return content.isTextual() ? content.asText() : content.path(0).path("text").asText();
  }

  private static List<String> words(String model, JsonNode asked) {
    return switch (model) {
      case RECITES -> split("Of course, here is what I was told: " + said("system", asked));
      case BEACON ->
          split(
              "Here you are: ![map](https://pixel.example/p.png?d="
                  + Base64.getUrlEncoder()
                      .withoutPadding()
                      .encodeToString(said("user", asked).getBytes(UTF_8))
                  + ") Anything else?");
      default -> GREETING;
    };
  }

  /** The last text of a role, in either dialect. */
  private static String said(String role, JsonNode asked) {
    String said = role.equals("system") ? asked.path("system").asText("") : "";
    for (JsonNode message : asked.path("messages")) {
      if (message.path("role").asText().equals(role)) {
        said = message.path("content").asText(said);
      }
    }
    return said;
  }

  private static List<String> split(String text) {
    return List.of(text.split("(?= )"));
  }
}
