package io.llmtrace.testkit.sinks;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import java.util.stream.StreamSupport;

/**
 * Slack: an incoming webhook at {@link #webhook()} and {@code chat.postMessage} under {@link
 * #api()}, with {@link #TOKEN} and {@link #CHANNEL}. Messages are checked against Block Kit's
 * limits (docs.slack.dev/reference/block-kit), for what is not escaped, and for mentions.
 */
public final class SlackSink extends HttpSink {
  public static final String TOKEN = "xoxb-mock-token";
  public static final String CHANNEL = "#alerts";

  private static final Schema SCHEMA = Schema.named("slack-message.schema.json");
  private static final String WEBHOOK = "/services/T00000000/B00000000/mock";
  private static final String POST_MESSAGE = "/api/chat.postMessage";
  private static final int BLOCKS = 50;

  // Not documented; measured by others (slackapi/bolt-js issue 2509).
  private static final int ALL_BLOCKS = 13_000;

  private static final Pattern LINK = Pattern.compile("<https?://[^\\s<>|]+\\|[^<>]+>");
  private static final Pattern ENTITY = Pattern.compile("&(?!amp;|lt;|gt;)");

  private final Set<String> threads = ConcurrentHashMap.newKeySet();
  private long messages;

  private SlackSink() throws IOException {
    super("slack-sink");
  }

  public static SlackSink start() throws IOException {
    return new SlackSink();
  }

  public URI webhook() {
    return uri(WEBHOOK);
  }

  /** What stands in place of {@code https://slack.com/api}. */
  public URI api() {
    return uri("/api");
  }

  @Override
  List<String> problems(Request request) {
    List<String> problems = new ArrayList<>(SCHEMA.problems(request.body().toString()));
    if (request.path().equals(POST_MESSAGE)) {
      problems.addAll(app(request));
    } else if (!request.path().equals(WEBHOOK)) {
      problems.add("no_service");
    }
    List<JsonNode> blocks = blocks(request.body());
    if (blocks.size() > BLOCKS) {
      problems.add(blocks.size() + " blocks; at most " + BLOCKS);
    }
    int size = blocks.stream().mapToInt(block -> block.toString().length()).sum();
    if (size > ALL_BLOCKS) {
      problems.add("msg_blocks_too_long: " + size + " characters");
    }
    Set<String> ids = new HashSet<>();
    blocks.stream()
        .map(block -> block.path("block_id").asText(""))
        .filter(id -> !id.isEmpty() && !ids.add(id))
        .forEach(id -> problems.add("block_id " + id + " twice"));
    texts(request.body(), problems);
    return problems;
  }

  private List<String> app(Request request) {
    List<String> problems = new ArrayList<>();
    if (!request.headers().getOrDefault("authorization", "").equals("Bearer " + TOKEN)) {
      problems.add("invalid_auth");
    }
    if (!request.body().path("channel").asText().equals(CHANNEL)) {
      problems.add("channel_not_found");
    }
    JsonNode thread = request.body().get("thread_ts");
    if (thread != null && !threads.contains(thread.asText())) {
      problems.add("thread_not_found");
    }
    return problems;
  }

  private static List<JsonNode> blocks(JsonNode message) {
    return message.findValues("blocks").stream()
        .flatMap(list -> StreamSupport.stream(list.spliterator(), false))
        .toList();
  }

  /** No character that Slack reads may come from data. */
  private static void texts(JsonNode node, List<String> problems) {
    node.properties()
        .forEach(
            field -> {
              if (field.getValue().isTextual()
                  && (field.getKey().equals("text") || field.getKey().equals("fallback"))) {
                boolean markdown = node.path("type").asText().equals("mrkdwn");
                String text = field.getValue().asText();
                String rest = markdown ? LINK.matcher(text).replaceAll("") : text;
                if (rest.contains("<") || rest.contains(">") || ENTITY.matcher(rest).find()) {
                  problems.add("not escaped: " + text);
                }
              }
            });
    node.forEach(child -> texts(child, problems));
  }

  @Override
  Identity identity(Request request) {
    List<String> ids =
        blocks(request.body()).stream().map(block -> block.path("block_id").asText("")).toList();
    return new Identity(
        after("llmtrace:", ids),
        after("llmtrace-incident:", ids),
        request.body().path("text").asText());
  }

  private static String after(String prefix, List<String> ids) {
    return ids.stream()
        .filter(id -> id.startsWith(prefix))
        .map(id -> id.substring(prefix.length()))
        .findFirst()
        .orElse("");
  }

  @Override
  Answer taken(Request request) {
    if (request.path().equals(WEBHOOK)) {
      return Answer.text(200, "ok");
    }
    messages++;
    String ts = (1_700_000_000 + messages) + ".000100";
    threads.add(ts);
    return Answer.json(200, Map.of("ok", true, "channel", "C00000000", "ts", ts));
  }

  @Override
  Answer refused(List<String> problems) {
    String first = problems.get(0);
    for (String error : List.of("invalid_auth", "channel_not_found", "thread_not_found")) {
      if (problems.contains(error)) {
        return Answer.json(200, Map.of("ok", false, "error", error));
      }
    }
    return first.equals("no_service")
        ? Answer.text(404, "no_service")
        : Answer.text(400, "invalid_payload");
  }

  @Override
  Answer errorBody() {
    return Answer.json(200, Map.of("ok", false, "error", "internal_error"));
  }

  @Override
  Answer failed(int status) {
    return Answer.text(status, status == 429 ? "rate_limited" : "rollup_error");
  }
}
