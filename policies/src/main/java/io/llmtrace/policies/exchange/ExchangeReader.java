package io.llmtrace.policies.exchange;

import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.node.TextNode;
import io.llmtrace.policies.wire.WireJson;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Turns a request into an {@link Exchange}. Stateless. */
public final class ExchangeReader {
  /**
   * Refuses an object that names a key twice: this reader would take one of the values, and the
   * provider's may take the other.
   */
  private static final ObjectReader STRICT =
      WireJson.mapper().reader().with(StreamReadFeature.STRICT_DUPLICATE_DETECTION);

  private ExchangeReader() {}

  /**
   * Reads a request. A body that is no JSON, or nests deeper than {@link WireJson#MAX_DEPTH}, is
   * read as one text, so that damage is no way around inspection. One that names a key twice is
   * read as JSON and, because one of the values is lost there, as one text too.
   *
   * @param forced the route's dialect, or null to detect it
   * @throws UnreadableBodyException if the body's content encoding cannot be undone within bounds
   */
  public static Exchange read(RequestContent request, @Nullable Dialect forced)
      throws UnreadableBodyException {
    byte[] body = BodyText.decode(request.headers(), request.body());
    Dialect dialect =
        forced != null
            ? forced
            : Dialects.detect(request.method(), request.path(), request.headers());
    JsonNode strict = dialect == Dialect.TEXT ? null : json(STRICT, body);
    // Asked again only where the first answer was no: damage and doubled keys are rare.
    JsonNode root =
        strict == null && dialect != Dialect.TEXT ? json(WireJson.mapper().reader(), body) : strict;
    if (root == null || !root.isContainerNode()) {
      return text(dialect, BodyText.utf8(body));
    }
    SegmentCollector out = new SegmentCollector();
    if (strict == null) {
      out.everyString(Zone.USER, "", "", TextNode.valueOf(BodyText.utf8(body)));
    }
    // Neither API takes a list, but a lenient server might: its strings are read as they are.
    switch (root.isObject() ? dialect : Dialect.GENERIC_JSON) {
      case OPENAI_CHAT -> OpenAiChat.collect(root, out);
      case ANTHROPIC_MESSAGES -> AnthropicMessages.collect(root, out);
      case GENERIC_JSON, TEXT -> {
        if (McpMessages.isMcp(root)) {
          McpMessages.collect(root, out);
        } else {
          out.everyString(Zone.USER, "", "", root);
        }
      }
    }
    return new Exchange(
        dialect,
        dialect.provider(),
        model(root.path("model")),
        root.path("stream").asBoolean(false),
        out.segments(),
        out.tools(),
        out.uninspectedParts());
  }

  private static String model(JsonNode model) {
    return model.isTextual() && !model.asText().isBlank() ? model.asText() : Exchange.UNKNOWN_MODEL;
  }

  private static Exchange text(Dialect dialect, String text) {
    List<Segment> segments =
        text.isEmpty() ? List.of() : List.of(new Segment(Zone.USER, "", "", text));
    return new Exchange(
        dialect, dialect.provider(), Exchange.UNKNOWN_MODEL, false, segments, List.of(), 0);
  }

  private static @Nullable JsonNode json(ObjectReader reader, byte[] body) {
    try {
      JsonNode root = reader.readTree(body);
      return root.isMissingNode() ? null : root;
    } catch (IOException e) {
      // No JSON, or in no encoding of it: not an error of ours, the caller reads the bytes as text.
      return null;
    }
  }
}
