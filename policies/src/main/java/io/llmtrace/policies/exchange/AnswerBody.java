package io.llmtrace.policies.exchange;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmtrace.policies.json.TreeWeight;
import org.jspecify.annotations.Nullable;

/**
 * Takes a provider's answer apart: a document, an event stream, lines or frames of JSON, each given
 * to the dialect whose shape it has. The dialect of the request is asked first, where it is known:
 * the tap sees a log line and not always the request.
 */
final class AnswerBody {
  /** How a body ends. */
  enum End {
    /** With the answer. */
    WHOLE,
    /** Before the document does. */
    CUT,
    /** Before the stream does. */
    BROKEN
  }

  /** Who wants the texts; the facts are gathered for everybody. */
  interface Visitor {
    void document(DialectFormat format, JsonNode root);

    void event(DialectFormat format, JsonNode event);

    /** A text that is no JSON: all of the body, or an event of it. */
    void text(String text);
  }

  private final AnswerFacts facts;
  private final Visitor visitor;
  private final TreeWeight weight;
  private DialectFormat last;

  /** Whether something in the body had the shape of an answer. */
  private boolean recognised;

  private AnswerBody(
      @Nullable DialectFormat first, AnswerFacts facts, Visitor visitor, TreeWeight weight) {
    this.facts = facts;
    this.visitor = visitor;
    this.weight = weight;
    this.last = first == null ? Dialect.GENERIC_JSON.format() : first;
  }

  /**
   * Reads a body; never fails.
   *
   * @param first the format of the request, or null where it is not known
   * @param weight of the trees that are made; where one would be too heavy it tells, and what was
   *     to be a tree is a text
   */
  static End read(
      @Nullable DialectFormat first,
      String body,
      AnswerFacts facts,
      Visitor visitor,
      TreeWeight weight) {
    return new AnswerBody(first, facts, visitor, weight).read(body);
  }

  private End read(String body) {
    if (body.isBlank()) {
      return End.WHOLE;
    }
    if (ProviderText.isEventStream(body)) {
      ProviderText.events(body).forEach(this::event);
      return facts.ended ? End.WHOLE : End.BROKEN;
    }
    if (EventFrames.isFrames(body)) {
      EventFrames.Decoded frames = EventFrames.decode(body, weight);
      frames.events().forEach(this::event);
      return frames.intact() && facts.ended ? End.WHOLE : End.BROKEN;
    }
    if (isLines(body)) {
      body.lines().filter(line -> !line.isBlank()).forEach(this::event);
      return recognised && !facts.ended ? End.BROKEN : End.WHOLE;
    }
    JsonNode whole = ProviderText.json(body, weight);
    boolean cut = whole.isMissingNode() && weight.failed() == null;
    JsonNode root = cut ? ProviderText.jsonSoFar(body, weight) : whole;
    if (isListOfEvents(root)) {
      root.forEach(event -> event(format(event), event));
      return whole.isMissingNode() || !facts.ended ? End.BROKEN : End.WHOLE;
    }
    if (!root.isContainerNode()) {
      visitor.text(body);
      return ProviderText.looksLikeJson(body) && whole.isMissingNode() ? End.CUT : End.WHOLE;
    }
    DialectFormat format = format(root);
    format.facts(root, facts);
    visitor.document(format, root);
    return whole.isMissingNode() ? End.CUT : End.WHOLE;
  }

  /** JSON documents one a line, as some local servers stream. */
  private boolean isLines(String body) {
    int line = body.indexOf('\n');
    return line > 0
        && body.startsWith("{")
        && body.startsWith("{", line + 1)
        && !ProviderText.json(body.substring(0, line), weight).isMissingNode();
  }

  private void event(String data) {
    if (data.equals("[DONE]")) {
      facts.ended = true;
      return;
    }
    // Only the last line of a cut stream is cut: the others pay one failed parse at the most.
    JsonNode event = ProviderText.jsonSoFar(data, weight);
    if (!event.isContainerNode()) {
      visitor.text(data);
      return;
    }
    event(format(event), event);
  }

  private void event(DialectFormat format, JsonNode event) {
    format.facts(event, facts);
    facts.ended |= EventFrames.isLast(event);
    visitor.event(format, event);
  }

  /** As Gemini streams where no event stream was asked for. */
  private boolean isListOfEvents(JsonNode root) {
    return root.isArray() && format(root.path(0)).listsEvents();
  }

  private DialectFormat format(JsonNode answer) {
    if (last.answers(answer)) {
      recognised = true;
      return last;
    }
    for (Dialect dialect : ALL) {
      if (dialect.format().answers(answer)) {
        last = dialect.format();
        recognised = true;
        return last;
      }
    }
    return Dialect.GENERIC_JSON.format();
  }

  private static final Dialect[] ALL = Dialect.values();
}
