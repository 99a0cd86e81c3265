package io.llmtrace.controlplane.alerts.people;

import static java.util.stream.Collectors.joining;

import io.llmtrace.controlplane.alerts.incidents.Incident;
import io.llmtrace.controlplane.alerts.incidents.IncidentState;
import io.llmtrace.controlplane.alerts.incidents.Notices;
import io.llmtrace.controlplane.http.Html;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The pages of {@link IncidentPage}: no script, and nothing from elsewhere. Stateless. */
final class IncidentHtml {
  private static final String STYLE =
      """
      body { font: 16px/1.5 system-ui, sans-serif; color: #1a1a1a; max-width: 44rem; margin: 2rem auto; padding: 0 1rem; }
      h1 { font-size: 1.35rem; margin-bottom: .4rem; } h2 { font-size: 1rem; margin: 1.5rem 0 .3rem; }
      .badge { display: inline-block; padding: .1rem .6rem; border-radius: .3rem; color: #fff; background: #1f4e79; }
      .critical, .high { background: #a3000b; } .medium { background: #8a5a00; }
      .firing { background: #1a1a1a; } .acknowledged { background: #555; } .resolved { background: #1b6e2d; }
      table { border-collapse: collapse; margin: 1rem 0; } th, td { text-align: left; padding: .25rem 1rem .25rem 0; vertical-align: top; }
      th { color: #555; font-weight: 500; } h2 + table th { white-space: nowrap; } td { overflow-wrap: anywhere; }
      form { border-top: 1px solid #ccc; padding-top: 1rem; }
      label { display: block; margin: .6rem 0; } input, textarea { font: inherit; width: 100%; box-sizing: border-box; padding: .4rem; }
      button { font: inherit; padding: .45rem .9rem; margin: .3rem .4rem .3rem 0; cursor: pointer; color: inherit;
        background: #fff; border: 1px solid #888; border-radius: .3rem; }
      .first { background: #1f4e79; border-color: #1f4e79; color: #fff; }
      .note { color: #555; font-size: .9rem; }
      """;

  /** The page's own style, forms to this server, and nothing else. */
  static final String POLICY =
      "default-src 'none'; style-src 'sha256-"
          + Html.sha256(STYLE)
          + "'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm:ss 'UTC'", Locale.ROOT)
          .withZone(ZoneOffset.UTC);

  private IncidentHtml() {}

  private static StringBuilder head(String title) {
    return new StringBuilder("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n")
        .append("<meta name=\"viewport\" content=\"width=device-width\">\n<title>")
        .append(Html.text(title))
        .append("</title>\n<style>")
        .append(STYLE)
        .append("</style></head>\n<body>\n<h1>")
        .append(Html.text(title))
        .append("</h1>\n");
  }

  /** A page that says one thing. */
  static String message(String text) {
    return head("LLMTrace")
        .append("<p>")
        .append(Html.text(text))
        .append("</p></body></html>\n")
        .toString();
  }

  /**
   * Something that happened to an incident.
   *
   * @param by who did it, or null
   * @param comment what that person said, or null
   */
  record Event(Instant at, String kind, @Nullable String by, @Nullable String comment) {}

  /**
   * An incident, with the buttons that its state has.
   *
   * @param events what happened to it, the oldest first
   */
  static String page(Incident incident, List<Event> events, String key, Set<String> silences) {
    Incident.Seen seen = incident.seen();
    StringBuilder page =
        head(Notices.title(incident))
            .append("<p>")
            .append(badge(incident.severity().label()))
            .append(' ')
            .append(badge(incident.state().label()))
            .append("</p>\n<p>")
            .append(incident.state() == IncidentState.RESOLVED ? "Seen last: " : "")
            .append(Html.text(seen.summary()))
            .append("</p>\n<table>\n");
    if (!seen.unit().isEmpty()) {
      row(page, "Measured", Notices.shown(seen.value(), seen.unit()));
      row(page, "Limit", Notices.shown(seen.threshold(), seen.unit()));
      row(page, "Highest", Notices.shown(seen.peak(), seen.unit()));
    }
    row(page, "Traffic", Notices.traffic(incident));
    row(page, "Since", time(incident.times().since()));
    row(page, "Ended", time(incident.times().endedAt()));
    incident.labels().forEach((name, value) -> row(page, name, value));
    row(page, "Acknowledged by", incident.handling().acknowledgedBy());
    row(page, "Not told because of", incident.handling().mutedBy());
    row(page, "Told to", incident.telling().channels().stream().sorted().collect(joining(", ")));
    page.append("</table>\n");
    happened(page, events);
    if (incident.state().isOpen()) {
      form(page, incident, key, silences);
    }
    return page.append("<p class=\"note\">")
        .append(Html.text(Notices.WHERE_ELSE))
        .append("</p></body></html>\n")
        .toString();
  }

  private static void happened(StringBuilder page, List<Event> events) {
    if (events.isEmpty()) {
      return;
    }
    page.append("<h2>What happened</h2>\n<table>\n");
    for (Event event : events) {
      String by = event.by() == null ? "" : " by " + event.by();
      String comment = event.comment() == null ? "" : ": " + event.comment();
      row(page, time(event.at()), event.kind() + by + comment);
    }
    page.append("</table>\n");
  }

  private static String badge(String label) {
    return "<span class=\"badge " + label + "\">" + label + "</span>";
  }

  private static String time(@Nullable Instant at) {
    return at == null ? "" : TIME.format(at);
  }

  private static void form(
      StringBuilder page, Incident incident, String key, Set<String> silences) {
    page.append("<form method=\"post\" action=\"/alerts/")
        .append(Html.text(incident.id()))
        .append("\">\n<input type=\"hidden\" name=\"key\" value=\"")
        .append(Html.text(key))
        .append(
            "\">\n<label>Your name, for the others<input name=\"name\" maxlength=\"100\"></label>\n")
        .append(
            "<label>Comment<textarea name=\"comment\" rows=\"2\" maxlength=\"1000\"></textarea></label>\n");
    if (incident.state() == IncidentState.FIRING) {
      button(page, "acknowledge", "first", "Acknowledge");
    }
    button(page, "resolve", "", "Resolve");
    button(page, "comment", "", "Comment");
    page.append("<h2>Not to be told of what is like it</h2>\n");
    silences.forEach(time -> button(page, "silence " + time, "", "Silence for " + time));
    page.append("</form>\n");
  }

  private static void button(StringBuilder page, String act, String style, String text) {
    page.append("<button name=\"act\" value=\"")
        .append(Html.text(act))
        .append(style.isEmpty() ? "\">" : "\" class=\"" + style + "\">")
        .append(Html.text(text))
        .append("</button>\n");
  }

  private static void row(StringBuilder page, String name, @Nullable String value) {
    if (value != null && !value.isEmpty()) {
      page.append("<tr><th>")
          .append(Html.text(name))
          .append("</th><td>")
          .append(Html.text(value))
          .append("</td></tr>\n");
    }
  }
}
