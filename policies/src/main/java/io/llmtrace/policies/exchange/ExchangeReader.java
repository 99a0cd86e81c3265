package io.llmtrace.policies.exchange;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.TextNode;
import io.llmtrace.policies.json.BodyMemory;
import io.llmtrace.policies.json.BoundedJson;
import io.llmtrace.policies.json.HeavyJsonException;
import io.llmtrace.policies.json.TreeWeight;
import io.llmtrace.policies.json.WireJson;
import java.io.IOException;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** Turns a request into an {@link Exchange}. Stateless. */
public final class ExchangeReader {
  private static final ObjectReader LENIENT =
      WireJson.mapper()
          .reader()
          .with(new BodyParser.Factory(WireJson.mapper().getFactory().streamReadConstraints()));

  /**
   * Refuses an object that names a key twice: this reader would take one of the values, and the
   * provider's may take the other. And a document behind which something stands: this reader would
   * not look at that.
   */
  private static final ObjectReader STRICT =
      LENIENT
          .with(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .with(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

  private ExchangeReader() {}

  /**
   * Reads a request of an API of the product.
   *
   * @param forced the route's, or null to detect it
   * @throws UnreadableBodyException as {@link #read(RequestContent, Api, Dialects)} does
   */
  public static Exchange read(RequestContent request, @Nullable Api forced)
      throws UnreadableBodyException {
    return read(request, forced, Dialects.builtIn());
  }

  /**
   * Reads a request, whatever time that takes.
   *
   * @throws UnreadableBodyException as {@link #read(RequestContent, Api, Dialects, BooleanSupplier,
   *     BodyMemory)} does
   */
  public static Exchange read(RequestContent request, @Nullable Api forced, Dialects known)
      throws UnreadableBodyException {
    return read(request, forced, known, () -> false, BodyMemory.UNCOUNTED);
  }

  /**
   * Reads a request. A body that is no JSON, or nests deeper than {@link WireJson#MAX_DEPTH}, is
   * read as one text, so that damage is no way around inspection. One that names a key twice, or
   * has something behind its document, is read as JSON and, because a part is lost there, as one
   * text too.
   *
   * @param forced the route's API, or null to detect it
   * @param known the APIs that it may be
   * @param timeIsUp whether anybody waits for the exchange yet; asked now and then while the body
   *     is parsed
   * @param memory of which is taken what is made of the body beyond the bytes that came
   * @throws UnreadableBodyException if the body's content encoding cannot be undone within bounds,
   *     if what is made of it would take too much memory, if the request opens a connection whose
   *     messages the gateway does not show, or if time was up before the body was parsed
   */
  public static Exchange read(
      RequestContent request,
      @Nullable Api forced,
      Dialects known,
      BooleanSupplier timeIsUp,
      BodyMemory memory)
      throws UnreadableBodyException {
    RequestHead head = RequestHead.of(request);
    Api named = forced != null ? forced : known.named(head);
    Parsed body = parse(request, head, named, timeIsUp, memory);
    boolean unnamed = forced == null && named == Dialect.GENERIC_JSON && body.root() != null;
    return exchange(body, head, unnamed ? Dialects.resembling(body.json()) : named);
  }

  /**
   * A body.
   *
   * @param root the document, or null where it is none
   * @param text what is read as text, beside the document or instead of it
   */
  private record Parsed(@Nullable JsonNode root, @Nullable String text) {
    JsonNode json() {
      return root == null ? MissingNode.getInstance() : root;
    }
  }

  private static Parsed parse(
      RequestContent request,
      RequestHead head,
      Api named,
      BooleanSupplier timeIsUp,
      BodyMemory memory)
      throws UnreadableBodyException {
    if (Dialects.format(named).unreadable()
        || head.header("upgrade").equalsIgnoreCase("websocket")) {
      throw new UnreadableBodyException("realtime", "messages on a websocket are not inspected");
    }
    BodyBytes body = BodyText.decode(request.headers(), request.body(), memory);
    if (named == Dialect.TEXT) {
      return new Parsed(null, body.utf8());
    }
    TreeWeight weight = new TreeWeight(memory);
    JsonNode strict = json(STRICT, body, timeIsUp, weight);
    // Asked again only where the first answer was no: damage and doubled keys are rare.
    JsonNode root = strict == null ? json(LENIENT, body, timeIsUp, weight) : strict;
    if (root == null || !root.isContainerNode()) {
      return new Parsed(null, body.utf8());
    }
    return new Parsed(root, strict == null ? body.utf8() : null);
  }

  private static Exchange exchange(Parsed body, RequestHead head, Api api) {
    DialectFormat format = Dialects.format(api);
    SegmentCollector out = new SegmentCollector();
    if (body.text() != null) {
      out.text(Zone.USER, "", "", TextNode.valueOf(body.text()));
    }
    JsonNode root = body.json();
    if (root.isObject()) {
      format.collect(root, out);
    } else if (root.isArray()) {
      // Of the APIs only MCP takes a list, but a lenient server might: its strings are read.
      boolean mapped = api instanceof MappedDialect;
      (mapped ? format : Dialects.resembling(root).format()).collect(root, out);
    }
    String model = format.model(root, head);
    return new Exchange(
        api,
        Dialects.provider(api, head),
        model.isBlank() ? Exchange.UNKNOWN_MODEL : model,
        format.stream(root, head),
        out.segments(),
        out.tools(),
        out.uninspectedParts(),
        format.callId(root),
        format.maxTokens(root),
        (body.text() == null || api == Dialect.TEXT) && !namesOthers(root, model));
  }

  /** Some gateways of providers take a list of models to fall back to. */
  private static boolean namesOthers(JsonNode root, String model) {
    for (JsonNode each : root.path("models")) {
      if (!each.asText().equals(model)) {
        return true;
      }
    }
    return false;
  }

  private static @Nullable JsonNode json(
      ObjectReader reader, BodyBytes body, BooleanSupplier timeIsUp, TreeWeight weight)
      throws UnreadableBodyException {
    weight.begin(body.length());
    try (JsonParser parser = reader.createParser(body.array(), body.from(), body.length())) {
      if (parser instanceof BodyParser ours) {
        ours.until(timeIsUp, weight);
        return reader.readTree(parser);
      }
      return reader.readTree(BoundedJson.weighed(parser, weight));
    } catch (BodyParser.OutOfTimeException e) {
      throw new UnreadableBodyException("budget", "time was up " + e.bytes() + " bytes into it");
    } catch (HeavyJsonException e) {
      throw new UnreadableBodyException(e.reason(), String.valueOf(e.getMessage()));
    } catch (IOException e) {
      // No JSON, or in no encoding of it: not an error of ours, the caller reads the bytes as text.
      return null;
    }
  }
}
