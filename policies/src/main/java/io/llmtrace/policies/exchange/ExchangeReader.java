package io.llmtrace.policies.exchange;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.node.MissingNode;
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
   * @throws UnreadableBodyException if the body's content encoding cannot be undone within bounds,
   *     or if the request opens a connection whose messages the gateway does not show
   */
  public static Exchange read(RequestContent request, @Nullable Dialect forced)
      throws UnreadableBodyException {
    RequestHead head = RequestHead.of(request);
    Dialect named = forced != null ? forced : Dialects.named(head);
    if (named.format().unreadable() || head.header("upgrade").equalsIgnoreCase("websocket")) {
      throw new UnreadableBodyException("realtime", "messages on a websocket are not inspected");
    }
    byte[] body = BodyText.decode(request.headers(), request.body());
    JsonNode strict = named == Dialect.TEXT ? null : json(STRICT, body);
    // Asked again only where the first answer was no: damage and doubled keys are rare.
    JsonNode root =
        strict == null && named != Dialect.TEXT ? json(WireJson.mapper().reader(), body) : strict;
    if (root == null || !root.isContainerNode()) {
      return text(named, head, BodyText.utf8(body));
    }
    Dialect dialect =
        forced == null && named == Dialect.GENERIC_JSON ? Dialects.resembling(root) : named;
    SegmentCollector out = new SegmentCollector();
    if (strict == null) {
      out.everyString(Zone.USER, "", "", TextNode.valueOf(BodyText.utf8(body)));
    }
    // No API but MCP takes a list, but a lenient server might: its strings are read as they are.
    Dialect shape = root.isObject() ? dialect : Dialects.resembling(root);
    shape.format().collect(root, out);
    String model = dialect.format().model(root, head);
    return new Exchange(
        dialect,
        Providers.of(dialect, head),
        model.isBlank() ? Exchange.UNKNOWN_MODEL : model,
        dialect.format().stream(root, head),
        out.segments(),
        out.tools(),
        out.uninspectedParts(),
        dialect.format().callId(root));
  }

  private static Exchange text(Dialect dialect, RequestHead head, String text) {
    List<Segment> segments =
        text.isEmpty() ? List.of() : List.of(new Segment(Zone.USER, "", "", text));
    JsonNode nothing = MissingNode.getInstance();
    String model = dialect.format().model(nothing, head);
    return new Exchange(
        dialect,
        Providers.of(dialect, head),
        model.isBlank() ? Exchange.UNKNOWN_MODEL : model,
        dialect.format().stream(nothing, head),
        segments,
        List.of(),
        0);
  }

  private static @Nullable JsonNode json(ObjectReader reader, byte[] body) {
    try {
      JsonNode root = reader.readTree(body);
      return root.isMissingNode() ? null : root;
    } catch (JsonProcessingException e) {
      // Not an error of ours: the caller reads the same bytes as text.
      return null;
    } catch (IOException e) {
      throw new IllegalStateException("reading from memory failed", e);
    }
  }
}
