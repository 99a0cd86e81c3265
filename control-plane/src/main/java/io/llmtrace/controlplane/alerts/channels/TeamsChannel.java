package io.llmtrace.controlplane.alerts.channels;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmtrace.controlplane.alerts.notice.Notice;
import io.llmtrace.controlplane.alerts.notice.Notice.Fact;
import io.llmtrace.controlplane.alerts.notice.Notice.Kind;
import io.llmtrace.runtime.config.ChannelConfig;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A workflow of Microsoft Teams ("When a Teams webhook request is received"), which takes an
 * adaptive card in a message of at most 28 KB
 * (learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using).
 * All text stands in text runs, in which no Markdown is read: a label makes no link and no mention.
 */
final class TeamsChannel implements Channel {
  static final int MESSAGE = 28 * 1_024;
  private static final int MANY_FACTS = 24;

  private final ChannelConfig.Teams config;
  private final Target target;

  TeamsChannel(ChannelConfig.Teams config) {
    this.config = config;
    this.target = Target.of(config.url());
  }

  @Override
  public String name() {
    return config.common().name();
  }

  @Override
  public String type() {
    return config.type();
  }

  @Override
  public String destination() {
    return target.toString();
  }

  @Override
  public Outgoing render(Notice notice, Context context) {
    Told told = Told.of(notice);
    return target.post(
        Json.bytes(
            Json.fitting(
                divisor -> message(told, divisor),
                message -> Json.bytes(message).length,
                MESSAGE)));
  }

  private static ObjectNode message(Told told, int divisor) {
    ObjectNode message = Json.object().put("type", "message");
    ObjectNode attachment = message.putArray("attachments").addObject();
    attachment.put("contentType", "application/vnd.microsoft.card.adaptive");
    attachment.putNull("contentUrl");
    ObjectNode card = attachment.putObject("content");
    card.put("$schema", "http://adaptivecards.io/schemas/adaptive-card.json");
    card.put("type", "AdaptiveCard").put("version", "1.4");
    card.put("fallbackText", text(told.headline(), Told.TITLE, divisor));
    card.putObject("msteams").put("width", "Full");
    ArrayNode body = card.putArray("body");
    run(paragraph(body, "llmtrace-" + told.id()), told.headline(), Told.TITLE + 50, divisor)
        .put("size", "Large")
        .put("weight", "Bolder")
        .put("color", color(told));
    text(body, told.summary(), Told.SUMMARY, divisor);
    text(body, told.traffic().isEmpty() ? "" : "Traffic: " + told.traffic(), Told.TRAFFIC, divisor);
    told.person().ifPresent(person -> text(body, person, Told.COMMENT, divisor));
    told.details().stream()
        .limit(Math.max(4, MANY_FACTS / divisor))
        .forEach(fact -> fact(body, fact, divisor));
    told.samples()
        .forEach(
            sample ->
                fact(
                    body,
                    new Fact(sample.type(), sample.evidence() + " (" + sample.decisionId() + ")"),
                    divisor));
    run(
            paragraph(body, "llmtrace-incident-" + told.incident()),
            told.footer(),
            Told.FACT_VALUE,
            divisor)
        .put("size", "Small")
        .put("isSubtle", true);
    ArrayNode actions = Json.MAPPER.createArrayNode();
    told.links()
        .forEach(
            (link, address) -> {
              if (address.length() <= Told.LINK / divisor) {
                actions
                    .addObject()
                    .put("type", "Action.OpenUrl")
                    .put("title", Told.label(link))
                    .put("url", address);
              }
            });
    if (!actions.isEmpty()) {
      card.set("actions", actions);
    }
    return message;
  }

  private static void text(ArrayNode body, String text, int max, int divisor) {
    if (!text.isEmpty()) {
      run(paragraph(body), text, max, divisor);
    }
  }

  private static void fact(ArrayNode body, Fact fact, int divisor) {
    ArrayNode runs = paragraph(body);
    run(runs, fact.name() + ": ", Told.FACT_NAME + 2, divisor).put("weight", "Bolder");
    run(runs, fact.value().isEmpty() ? "–" : fact.value(), Told.FACT_VALUE, divisor);
  }

  private static ArrayNode paragraph(ArrayNode body, String id) {
    return body.addObject().put("type", "RichTextBlock").put("id", id).putArray("inlines");
  }

  private static ArrayNode paragraph(ArrayNode body) {
    return body.addObject().put("type", "RichTextBlock").putArray("inlines");
  }

  private static ObjectNode run(ArrayNode runs, String text, int max, int divisor) {
    return runs.addObject().put("type", "TextRun").put("text", text(text, max, divisor));
  }

  /** Bounded, and without two opening braces, which begins a function of the card's language. */
  private static String text(String text, int max, int divisor) {
    return Texts.bounded(text, limit(max, divisor), Character::toString)
        .replaceAll("\\{(?=\\{)", "{ ");
  }

  private static int limit(int max, int divisor) {
    return Math.max(16, max / divisor);
  }

  private static String color(Told told) {
    if (told.kind() == Kind.RESOLVED) {
      return "Good";
    }
    return switch (told.severity()) {
      case CRITICAL, HIGH -> "Attention";
      case MEDIUM -> "Warning";
      case LOW, INFO -> "Accent";
    };
  }

  @Override
  public Verdict judge(int status, Map<String, List<String>> headers, byte[] bodyStart) {
    Verdict verdict = Answers.byStatus("Teams", status, headers, bodyStart, List.of(config.url()));
    if (!(verdict instanceof Verdict.Delivered)) {
      return verdict;
    }
    return failed(status, headers, bodyStart).orElse(verdict);
  }

  /** Older connectors answer 200 and tell of the failure in the body. */
  private Optional<Verdict> failed(
      int status, Map<String, List<String>> headers, byte[] bodyStart) {
    String text = Answers.text(bodyStart, List.of(config.url()));
    if (!text.contains("delivery failed")) {
      return Optional.empty();
    }
    String reason = Answers.reason("Teams", status, bodyStart, List.of(config.url()));
    return Optional.of(
        text.matches(".*HTTP error 4(?!29)\\d\\d.*")
            ? new Verdict.Hopeless(reason)
            : Answers.retry(reason, headers));
  }
}
