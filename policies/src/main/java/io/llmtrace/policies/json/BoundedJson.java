package io.llmtrace.policies.json;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.util.JsonParserDelegate;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Makes trees of JSON that others wrote, which take no more memory than they may. Stateless. */
public final class BoundedJson {
  private BoundedJson() {}

  /**
   * Reads a text; of an empty one the missing node.
   *
   * @throws HeavyJsonException if its tree would take too much
   * @throws IOException if it is no JSON
   */
  public static JsonNode tree(String text, TreeWeight weight) throws IOException {
    weight.begin(text.length());
    try (JsonParser parser = weighed(WireJson.mapper().getFactory().createParser(text), weight)) {
      return tree(parser);
    }
  }

  /**
   * Reads bytes, in whatever encoding JSON has.
   *
   * @throws HeavyJsonException if their tree would take too much
   * @throws IOException if they are no JSON
   */
  public static JsonNode tree(byte[] body, TreeWeight weight) throws IOException {
    weight.begin(body.length);
    try (JsonParser parser = weighed(WireJson.mapper().getFactory().createParser(body), weight)) {
      return tree(parser);
    }
  }

  private static JsonNode tree(JsonParser parser) throws IOException {
    JsonNode root = WireJson.mapper().reader().readTree(parser);
    return root == null ? MissingNode.getInstance() : root;
  }

  /** A parser that gives up where what is made of its tokens takes too much. */
  public static JsonParser weighed(JsonParser parser, TreeWeight weight) {
    return new Weighed(parser, weight);
  }

  private static final class Weighed extends JsonParserDelegate {
    private final TreeWeight weight;

    Weighed(JsonParser parser, TreeWeight weight) {
      super(parser);
      this.weight = weight;
    }

    @Override
    public @Nullable JsonToken nextToken() throws IOException {
      JsonToken token = super.nextToken();
      if (token == JsonToken.FIELD_NAME) {
        weight.name(currentName().length());
      } else {
        weight.token(token);
      }
      return token;
    }
  }
}
