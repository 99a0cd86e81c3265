package io.llmtrace.policies.exchange;

import com.fasterxml.jackson.core.JsonPointer;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * An API as a mapping describes it. Strings at the mapped places have their zones, all others are
 * read as plain strings, so that an incomplete mapping hides nothing.
 *
 * @param paths ends of paths, all of these hosts where there are none
 * @param hosts lower-case hosts, all where there are none; without either no request is recognised,
 *     and only a route can ask for it
 * @param request where the texts of a request stand
 * @param answer where the texts of an answer, or of an event of its stream, stand
 * @param blocked what a blocked client gets
 */
record MappedFormat(
    String provider,
    List<String> paths,
    List<String> hosts,
    List<Place> request,
    List<Place> answer,
    Pointers pointers,
    StreamForm streamForm,
    Blocked blocked)
    implements DialectFormat {

  /** What a string at some place is. */
  enum Kind {
    TEXT,
    TOOL_NAME,
    UNINSPECTED
  }

  /** How an answer is streamed. */
  enum StreamForm {
    SSE,
    NDJSON,
    JSON
  }

  /**
   * A place in a document, and everything below it.
   *
   * @param steps of a JSON Pointer, {@code *} for any element or field
   */
  record Place(List<String> steps, Zone zone, Kind kind) {
    Place {
      steps = List.copyOf(steps);
    }
  }

  /**
   * Places of single values, of which the first that is there counts: an event of a stream often
   * has another shape than a whole answer. One that is not mapped is empty.
   */
  record Pointers(
      List<JsonPointer> model,
      List<JsonPointer> stream,
      List<JsonPointer> maxTokens,
      List<JsonPointer> answerModel,
      List<JsonPointer> finishReason,
      List<JsonPointer> end,
      List<JsonPointer> error,
      List<JsonPointer> promptTokens,
      List<JsonPointer> completionTokens,
      List<JsonPointer> cachedTokens,
      List<JsonPointer> cacheWriteTokens,
      List<JsonPointer> reasoningTokens) {}

  /**
   * A block answer.
   *
   * @param status of an error; 403 is given where the route asks for it
   * @param body with {@code ${message}}, {@code ${decision_id}}, {@code ${category}}, {@code
   *     ${model}}, which are filled in as the content of a JSON string
   */
  record Blocked(int status, String contentType, String body) {}

  MappedFormat {
    paths = List.copyOf(paths);
    hosts = List.copyOf(hosts);
    request = List.copyOf(request);
    answer = List.copyOf(answer);
  }

  @Override
  public boolean named(RequestHead head) {
    boolean says = !paths.isEmpty() || !hosts.isEmpty();
    return says
        && (paths.isEmpty() || paths.stream().anyMatch(head.path()::endsWith))
        && (hosts.isEmpty() || hosts.contains(head.host()));
  }

  @Override
  public String provider(RequestHead head) {
    return provider;
  }

  @Override
  public String model(JsonNode body, RequestHead head) {
    return at(body, pointers.model()).asText("");
  }

  @Override
  public boolean stream(JsonNode body, RequestHead head) {
    return at(body, pointers.stream()).asBoolean(false);
  }

  @Override
  public long maxTokens(JsonNode body) {
    if (pointers.maxTokens().isEmpty()) {
      return DialectFormat.super.maxTokens(body);
    }
    return MaxTokens.of(at(body, pointers.maxTokens()));
  }

  private static JsonNode at(JsonNode node, List<JsonPointer> pointers) {
    for (JsonPointer pointer : pointers) {
      JsonNode value = node.at(pointer);
      if (!value.isMissingNode() && !value.isNull()) {
        return value;
      }
    }
    return MissingNode.getInstance();
  }

  @Override
  public void collect(JsonNode body, SegmentCollector out) {
    new Walk(Zone.USER, out).node(body, 0, request, "");
  }

  @Override
  public boolean answers(JsonNode body) {
    return true;
  }

  @Override
  public boolean listsEvents() {
    return streamForm == StreamForm.JSON;
  }

  @Override
  public void answer(JsonNode body, SegmentCollector out) {
    new Walk(Zone.ASSISTANT, out).node(body, 0, answer, "");
  }

  @Override
  public void event(JsonNode event, AnswerStream out) {
    SegmentCollector pieces = new SegmentCollector();
    answer(event, pieces);
    pieces.segments().forEach(s -> out.add(s.zone(), s.role(), s.pointer(), s.text()));
    for (int i = 0; i < pieces.uninspectedParts(); i++) {
      out.whole().uninspected();
    }
  }

  @Override
  public void facts(JsonNode answer, AnswerFacts facts) {
    facts.model(at(answer, pointers.answerModel()));
    facts.finish(at(answer, pointers.finishReason()));
    facts.error(at(answer, pointers.error()));
    facts.prompt(at(answer, pointers.promptTokens()));
    facts.completion(at(answer, pointers.completionTokens()));
    facts.cached(at(answer, pointers.cachedTokens()));
    facts.cacheWrite(at(answer, pointers.cacheWriteTokens()));
    facts.reasoning(at(answer, pointers.reasoningTokens()));
    // Where the mapping does not say how a stream ends, it is taken to have ended.
    facts.ended |= pointers.end().isEmpty() || isSaid(at(answer, pointers.end()));
  }

  private static boolean isSaid(JsonNode end) {
    boolean denied = end.isBoolean() && !end.booleanValue();
    boolean blank = end.isTextual() && end.textValue().isEmpty();
    return !end.isMissingNode() && !denied && !blank;
  }

  @Override
  public BlockAnswer error(int status, BlockNotice notice) {
    return error(status == 403 ? 403 : blocked.status(), notice.message(), notice);
  }

  @Override
  public BlockAnswer limited(Limited limited, BlockNotice notice) {
    return error(BlockAnswer.LIMITED, limited.message(), notice);
  }

  private BlockAnswer error(int status, String message, BlockNotice notice) {
    String body =
        blocked
            .body()
            .replace("${message}", quoted(message))
            .replace("${decision_id}", quoted(notice.decisionId()))
            .replace("${category}", quoted(notice.category()))
            .replace("${model}", quoted(notice.caller().model()));
    return new BlockAnswer(
        status,
        Map.of(BlockAnswer.TYPE, blocked.contentType(), "x-should-retry", "false"),
        body.getBytes(StandardCharsets.UTF_8));
  }

  private static String quoted(String text) {
    String json = BlockAnswer.text(TextNode.valueOf(text));
    return json.substring(1, json.length() - 1);
  }

  /** A mapping has one block answer. */
  @Override
  public BlockAnswer refusal(BlockNotice notice) {
    return error(blocked.status(), notice);
  }

  /** One way through a document; places that no longer fit are left behind. */
  private record Walk(Zone other, SegmentCollector out) {
    void node(JsonNode node, int depth, List<Place> alive, String pointer) {
      for (Place place : alive) {
        if (place.steps().size() == depth) {
          found(place, node, pointer);
          return;
        }
      }
      if (node.isTextual()) {
        out.text(other, "", pointer, node);
      } else if (node.isArray()) {
        for (int i = 0; i < node.size(); i++) {
          String step = Integer.toString(i);
          node(node.get(i), depth + 1, fitting(alive, depth, step), pointer + "/" + step);
        }
      } else {
        for (Map.Entry<String, JsonNode> field : node.properties()) {
          String name = field.getKey();
          String child = pointer + "/" + SegmentCollector.escape(name);
          List<Place> fitting = fitting(alive, depth, name);
          JsonNode value = field.getValue();
          out.name(other, "", child, name);
          if (!fitting.isEmpty() || !value.isTextual() || !Names.isName(name, value.asText())) {
            node(value, depth + 1, fitting, child);
          }
        }
      }
    }

    private static List<Place> fitting(List<Place> alive, int depth, String step) {
      if (alive.isEmpty()) {
        return alive;
      }
      List<Place> fitting = new ArrayList<>();
      for (Place place : alive) {
        String wanted = place.steps().get(depth);
        if (wanted.equals("*") || wanted.equals(step)) {
          fitting.add(place);
        }
      }
      return fitting;
    }

    private void found(Place place, JsonNode node, String pointer) {
      switch (place.kind()) {
        case TEXT -> out.everyString(place.zone(), role(place.zone()), pointer, node);
        case TOOL_NAME -> {
          out.tool(node.asText(""));
          out.nameOrText(Zone.METADATA, "tools", pointer, node);
        }
        case UNINSPECTED -> out.uninspected(place.zone(), "", pointer, node);
      }
    }

    private static String role(Zone zone) {
      return switch (zone) {
        case SYSTEM -> "system";
        case USER -> "user";
        case ASSISTANT -> OpenAiChat.ASSISTANT;
        case METADATA -> "tools";
        default -> "";
      };
    }
  }
}
