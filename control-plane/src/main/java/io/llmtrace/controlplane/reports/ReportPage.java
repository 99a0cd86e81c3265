package io.llmtrace.controlplane.reports;

import io.llmtrace.controlplane.http.Html;
import io.llmtrace.controlplane.reports.Report.ControlShown;
import io.llmtrace.controlplane.reports.Report.Fact;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A report as one page of HTML to print: no script, nothing from elsewhere, and a policy that
 * allows the page's own style and nothing else, also where it is opened as a file. Stateless.
 */
final class ReportPage {
  private static final String STYLE =
      """
      body { font: 14px/1.45 system-ui, sans-serif; color: #1a1a1a; max-width: 60rem; margin: 2rem auto;
        padding: 0 1rem; }
      h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2rem; }
      .notice { border-left: 4px solid #8a6d00; background: #fff8e1; padding: .6rem 1rem; }
      table { border-collapse: collapse; width: 100%; margin: .6rem 0 1rem; }
      th, td { border: 1px solid #ccc; padding: .35rem .5rem; text-align: left; vertical-align: top; }
      th { background: #f3f3f3; } td.number { text-align: right; font-variant-numeric: tabular-nums; }
      .status { font-weight: 600; white-space: nowrap; }
      .method, .limits { color: #555; font-size: 12px; }
      section { break-inside: avoid; }
      @media print { body { margin: 0; max-width: none; font-size: 11px; } a { color: inherit; } }
      """;

  /** For the header of the answer; the page says it as well. */
  static final String POLICY =
      "default-src 'none'; style-src 'sha256-"
          + Html.sha256(STYLE)
          + "'; base-uri 'none'; form-action 'none'";

  private ReportPage() {}

  static String of(Report report) {
    StringBuilder page = new StringBuilder();
    page.append("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n")
        .append("<meta http-equiv=\"Content-Security-Policy\" content=\"")
        .append(POLICY)
        .append("\">\n<title>")
        .append(Html.text(report.title()))
        .append("</title>\n<style>")
        .append(STYLE)
        .append("</style></head>\n<body>\n<h1>")
        .append(Html.text(report.title()))
        .append("</h1>\n<p class=\"notice\">")
        .append(Html.text(report.notice()))
        .append("</p>\n<table>");
    row(page, "Tenant", report.tenant() == null ? "all of the caller's" : report.tenant());
    row(page, "From, first day (UTC)", report.from());
    row(page, "Until, not included", report.until());
    row(page, "Made at", report.madeAt());
    row(page, "About", report.scope());
    page.append("</table>\n<h2>Controls</h2>\n<table><tr><th>Control</th><th>What it asks</th>")
        .append("<th>Status</th><th>Facts, and what they do not show</th></tr>\n");
    for (ControlShown control : report.controls()) {
      control(page, control, report.facts());
    }
    page.append(
            "</table>\n<p class=\"limits\">evidence: records are there. partial: they show a part.")
        .append(
            " no_data: there are none of this time. not_covered: LLMTrace has nothing to show.</p>\n");
    if (!report.unmapped().isEmpty()) {
      page.append("<p>Types of finding that stand for none of these: ")
          .append(Html.text(String.join(", ", report.unmapped())))
          .append(".</p>\n");
    }
    page.append("<h2>Facts</h2>\n");
    report.facts().forEach((name, fact) -> fact(page, name, fact));
    return page.append("</body></html>\n").toString();
  }

  private static void control(StringBuilder page, ControlShown control, Map<String, Fact> facts) {
    page.append("<tr><td>")
        .append(Html.text(control.id()))
        .append("</td><td>")
        .append(Html.text(control.title()))
        .append("</td><td class=\"status\">")
        .append(Html.text(control.status()))
        .append("</td><td>");
    String between = "";
    for (String name : control.facts()) {
      page.append(between)
          .append("<a href=\"#")
          .append(Html.text(name))
          .append("\">")
          .append(Html.text(title(facts.get(name))))
          .append("</a>");
      between = "; ";
    }
    page.append("<div class=\"limits\">")
        .append(Html.text(control.limits()))
        .append("</div></td></tr>\n");
  }

  private static String title(@Nullable Fact fact) {
    return fact == null ? "" : fact.title();
  }

  private static void fact(StringBuilder page, String name, Fact fact) {
    page.append("<section id=\"")
        .append(Html.text(name))
        .append("\"><h3>")
        .append(Html.text(fact.title()))
        .append("</h3>\n");
    if (fact.numbers().isEmpty()) {
      page.append("<p>Nothing of this time.</p>\n");
    } else {
      page.append("<table>");
      fact.numbers()
          .forEach(
              (key, value) ->
                  page.append("<tr><th>")
                      .append(Html.text(key.replace('_', ' ')))
                      .append("</th><td class=\"number\">")
                      .append(Html.text(String.valueOf(value)))
                      .append("</td></tr>\n"));
      page.append("</table>\n");
    }
    page.append("<p class=\"method\">").append(Html.text(fact.method())).append("</p></section>\n");
  }

  private static void row(StringBuilder page, String name, String value) {
    page.append("<tr><th>").append(Html.text(name)).append("</th><td>").append(Html.text(value));
    page.append("</td></tr>\n");
  }
}
