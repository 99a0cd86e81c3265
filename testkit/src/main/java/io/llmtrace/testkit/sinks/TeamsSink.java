package io.llmtrace.testkit.sinks;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;

/**
 * A workflow of Microsoft Teams at {@link #url()} that takes adaptive cards: messages of at most 28
 * KB, in version 1.4 of the cards, of the elements that this project sends. Text from data may
 * stand in text runs only, in which no Markdown is read.
 */
public final class TeamsSink extends HttpSink {
  private static final Schema SCHEMA = Schema.named("teams-message.schema.json");
  private static final int MESSAGE = 28 * 1_024;
  private static final String PATH = "/workflows/mock/triggers/manual/paths/invoke?sig=mock";

  private TeamsSink() throws IOException {
    super("teams-sink");
  }

  public static TeamsSink start() throws IOException {
    return new TeamsSink();
  }

  public URI url() {
    return uri(PATH);
  }

  @Override
  List<String> problems(Request request) {
    List<String> problems = new ArrayList<>(SCHEMA.problems(request.body().toString()));
    if (!request.path().equals(PATH)) {
      problems.add("WorkflowNotFound");
    }
    if (request.size() > MESSAGE) {
      problems.add(request.size() + " bytes; at most " + MESSAGE);
    }
    if (request.body().toString().contains("{{")) {
      problems.add("{{ is a function of the card's language");
    }
    return problems;
  }

  @Override
  Identity identity(Request request) {
    String key = "";
    String incident = "";
    for (JsonNode element : request.body().at("/attachments/0/content/body")) {
      String id = element.path("id").asText();
      if (id.startsWith("llmtrace-incident-")) {
        incident = id.substring("llmtrace-incident-".length());
      } else if (id.startsWith("llmtrace-")) {
        key = id.substring("llmtrace-".length());
      }
    }
    return new Identity(
        key, incident, request.body().at("/attachments/0/content/fallbackText").asText());
  }

  @Override
  Answer taken(Request request) {
    return Answer.text(202, "");
  }

  @Override
  Answer refused(List<String> problems) {
    return problems.contains("WorkflowNotFound")
        ? Answer.text(404, "WorkflowNotFound")
        : Answer.text(400, "InvalidBody");
  }

  @Override
  Answer errorBody() {
    return Answer.text(
        200,
        "Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error"
            + " 429 with ContextId mock");
  }
}
