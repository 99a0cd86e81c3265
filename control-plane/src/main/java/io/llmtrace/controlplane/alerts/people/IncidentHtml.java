package io.llmtrace.controlplane.alerts.people;

import io.llmtrace.controlplane.alerts.incidents.Incident;
import io.llmtrace.controlplane.alerts.incidents.IncidentState;
import io.llmtrace.controlplane.alerts.incidents.Notices;
import io.llmtrace.controlplane.http.Html;
import java.util.Set;

/** The pages of {@link IncidentPage}: no script, and nothing from elsewhere. Stateless. */
final class IncidentHtml {
  private static final String STYLE =
      """
      body { font: 16px/1.5 system-ui, sans-serif; color: #1a1a1a; max-width: 44rem; margin: 2rem auto; padding: 0 1rem; }
      h1 { font-size: 1.35rem; } .state { font-weight: 700; text-transform: uppercase; letter-spacing: .03em; }
      .critical, .high { color: #a3000b; } .medium { color: #8a5a00; } .low, .info { color: #1f4e79; }
      table { border-collapse: collapse; margin: 1rem 0; } th, td { text-align: left; padding: .25rem 1rem .25rem 0; vertical-align: top; }
      th { color: #555; font-weight: 500; } form { border-top: 1px solid #ccc; padding-top: 1rem; }
      label { display: block; margin: .6rem 0; } input, textarea { font: inherit; width: 100%; box-sizing: border-box; padding: .4rem; }
      button { font: inherit; padding: .45rem .9rem; margin: .3rem .4rem .3rem 0; cursor: pointer; }
      .note { color: #555; font-size: .9rem; }
      """;

  /** The page's own style, forms to this server, and nothing else. */
  static final String POLICY =
      "default-src 'none'; style-src 'sha256-"
          + Html.sha256(STYLE)
          + "'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

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

  /** An incident, with the buttons that its state has. */
  static String page(Incident incident, String key, Set<String> silences) {
    Incident.Seen seen = incident.seen();
    StringBuilder page =
        head(Notices.title(incident))
            .append("<p><span class=\"state ")
            .append(incident.severity().label())
            .append("\">")
            .append(incident.severity().label())
            .append(", ")
            .append(incident.state().label())
            .append("</span></p>\n<p>")
            .append(Html.text(seen.summary()))
            .append("</p>\n<table>\n");
    row(page, "Measured", Notices.shown(seen.value(), seen.unit()));
    row(page, "Limit", Notices.shown(seen.threshold(), seen.unit()));
    row(page, "Highest", Notices.shown(seen.peak(), seen.unit()));
    row(page, "Traffic", Notices.traffic(incident));
    row(page, "Since", incident.times().since().toString());
    row(page, "Ended", String.valueOf(incident.times().endedAt()).replace("null", ""));
    incident.labels().forEach((name, value) -> row(page, name, value));
    row(page, "Acknowledged by", String.valueOf(incident.handling().acknowledgedBy()));
    row(page, "Not told because of", String.valueOf(incident.handling().mutedBy()));
    row(page, "Told to", String.join(", ", incident.telling().channels()));
    page.append("</table>\n");
    if (incident.state().isOpen()) {
      form(page, incident, key, silences);
    }
    return page.append("<p class=\"note\">")
        .append(Html.text(Notices.WHERE_ELSE))
        .append("</p></body></html>\n")
        .toString();
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
      button(page, "acknowledge", "Acknowledge");
    }
    button(page, "resolve", "Resolve");
    button(page, "comment", "Comment");
    silences.forEach(time -> button(page, "silence " + time, "Silence for " + time));
    page.append("</form>\n");
  }

  private static void button(StringBuilder page, String act, String text) {
    page.append("<button name=\"act\" value=\"")
        .append(Html.text(act))
        .append("\">")
        .append(Html.text(text))
        .append("</button>\n");
  }

  private static void row(StringBuilder page, String name, String value) {
    if (!value.isEmpty() && !value.equals("null")) {
      page.append("<tr><th>")
          .append(Html.text(name))
          .append("</th><td>")
          .append(Html.text(value))
          .append("</td></tr>\n");
    }
  }
}
