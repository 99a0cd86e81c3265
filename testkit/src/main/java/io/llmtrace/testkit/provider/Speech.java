package io.llmtrace.testkit.provider;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Base64;
import java.util.List;

/** What the models say, word for word. */
final class Speech {
  /** A model that tells the system prompt it was given. */
  static final String RECITES = "recites-prompt";

  /** A model that draws an image whose address carries what the user said. */
  static final String BEACON = "image-beacon";

  private static final List<String> GREETING =
      List.of("Hello", " from", " the", " mock", " provider.");

  private Speech() {}

  static List<String> words(String model, JsonNode asked) {
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
