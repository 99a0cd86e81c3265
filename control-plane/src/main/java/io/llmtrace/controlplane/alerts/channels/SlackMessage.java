package io.llmtrace.controlplane.alerts.channels;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmtrace.controlplane.alerts.notice.Notice.Fact;
import io.llmtrace.controlplane.alerts.notice.Notice.Kind;
import java.util.ArrayList;
import java.util.List;

/**
 * A message of Slack in Block Kit. Texts from data stand as plain text or inside code, where Slack
 * reads no formatting, and are escaped everywhere, so that {@code <!channel>} in a label calls
 * nobody; {@code verbatim} keeps it from making links of them.
 *
 * <p>Limits: docs.slack.dev/reference/block-kit/blocks. A message has at most 50 blocks, a header
 * 150 characters, a text of a section 3,000, a field 2,000, a section 10 fields, a context 10
 * elements. That all blocks together may have no more than about 13,000 characters ({@code
 * msg_blocks_too_long}) is known from slackapi/bolt-js issue 2509 only.
 */
final class SlackMessage {
  static final int HEADER = 150;
  static final int SECTION = 3_000;
  static final int FIELD = 2_000;
  static final int FIELDS = 10;
  static final int ALL_BLOCKS = 12_000;

  private static final int MANY_FIELDS = 2 * FIELDS;
  private static final String GREEN = "#2e7d32";
  private static final String GREY = "#6c757d";

  private final Told told;
  private final int divisor;

  private SlackMessage(Told told, int divisor) {
    this.told = told;
    this.divisor = divisor;
  }

  /** Text, blocks and the coloured attachment. */
  static ObjectNode of(Told told) {
    return Json.fitting(
        divisor -> new SlackMessage(told, divisor).message(),
        message ->
            message.get("blocks").toString().length()
                + message.get("attachments").toString().length(),
        ALL_BLOCKS);
  }

  private ObjectNode message() {
    ObjectNode message = Json.object();
    // What notifications and clients without blocks show.
    message.put("text", escaped(told.headline() + " – " + told.summary(), SECTION));
    ObjectNode header = message.putArray("blocks").addObject().put("type", "header");
    header.put("block_id", "llmtrace:" + told.id());
    header.set("text", plain(told.headline(), HEADER));

    ObjectNode attachment = message.putArray("attachments").addObject();
    attachment.put("color", color());
    attachment.put("fallback", escaped(told.headline(), SECTION));
    ArrayNode blocks = attachment.putArray("blocks");
    section(blocks, told.summary(), Told.SUMMARY);
    section(blocks, told.traffic().isEmpty() ? "" : "Traffic: " + told.traffic(), Told.TRAFFIC);
    told.person().ifPresent(person -> section(blocks, person, Told.COMMENT));
    fields(blocks);
    told.samples()
        .forEach(
            sample ->
                section(
                    blocks,
                    sample.type() + ": " + sample.evidence() + " (" + sample.decisionId() + ")",
                    Told.EVIDENCE));
    links(blocks);
    ObjectNode footer = blocks.addObject().put("type", "context");
    footer.put("block_id", "llmtrace-incident:" + told.incident());
    footer.putArray("elements").add(plain(told.footer(), FIELD));
    return message;
  }

  private void section(ArrayNode blocks, String text, int max) {
    if (!text.isEmpty()) {
      blocks.addObject().put("type", "section").set("text", plain(text, limit(max)));
    }
  }

  private void fields(ArrayNode blocks) {
    List<Fact> details = told.details();
    int shown = Math.min(details.size(), Math.max(4, MANY_FIELDS / divisor));
    List<Fact> some = new ArrayList<>(details.subList(0, shown));
    if (shown < details.size()) {
      int left = details.size() - shown + 1;
      some.set(shown - 1, new Fact("More", left + " further values"));
    }
    for (int i = 0; i < some.size(); i += FIELDS) {
      ArrayNode fields = blocks.addObject().put("type", "section").putArray("fields");
      some.subList(i, Math.min(some.size(), i + FIELDS)).forEach(fact -> fields.add(field(fact)));
    }
  }

  private ObjectNode field(Fact fact) {
    String name = code(fact.name(), limit(Told.FACT_NAME)).replace('*', '∗');
    String value =
        fact.value().isEmpty() ? "–" : "`" + code(fact.value(), limit(Told.FACT_VALUE)) + "`";
    return markdown("*" + name + "*\n" + value);
  }

  /** Escaped, and without the character that would end the code. */
  private static String code(String text, int max) {
    return escaped(text.replace('`', 'ˋ'), max);
  }

  private void links(ArrayNode blocks) {
    // Links in text: a button with a link asks the app for an answer that a webhook cannot give.
    ArrayNode elements = Json.MAPPER.createArrayNode();
    told.links()
        .forEach(
            (link, address) -> {
              String text = "<" + address.replace("&", "&amp;") + "|" + Told.label(link) + ">";
              if (text.length() <= FIELD / divisor) {
                elements.add(markdown(text));
              }
            });
    if (!elements.isEmpty()) {
      blocks.addObject().put("type", "context").set("elements", elements);
    }
  }

  private int limit(int max) {
    return Math.max(16, max / divisor);
  }

  private static ObjectNode plain(String text, int max) {
    return Json.object()
        .put("type", "plain_text")
        .put("text", escaped(text, max))
        .put("emoji", false);
  }

  private static ObjectNode markdown(String text) {
    return Json.object().put("type", "mrkdwn").put("text", text).put("verbatim", true);
  }

  private static String escaped(String text, int max) {
    return Texts.bounded(text, max, SlackMessage::escape);
  }

  /** The three that Slack asks for; an entity for quotes would be shown as it is. */
  private static String escape(int c) {
    return c == '&' || c == '<' || c == '>' ? Texts.html(c) : Character.toString(c);
  }

  private String color() {
    if (told.kind() == Kind.RESOLVED) {
      return GREEN;
    }
    if (told.kind() == Kind.TEST) {
      return GREY;
    }
    return switch (told.severity()) {
      case CRITICAL -> "#b3261e";
      case HIGH -> "#d9480f";
      case MEDIUM -> "#e8a317";
      case LOW -> "#3b7dd8";
      case INFO -> GREY;
    };
  }
}
