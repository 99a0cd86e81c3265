package io.llmtrace.controlplane.alerts.channels;

import io.llmtrace.controlplane.alerts.notice.Notice;
import io.llmtrace.controlplane.alerts.notice.Notice.Fact;
import io.llmtrace.policies.detect.Severity;
import io.llmtrace.runtime.config.ChannelConfig;
import io.llmtrace.runtime.config.Secret;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Mail. An incident's first message has the incident's own {@code Message-ID}, and all that follow
 * refer to it (RFC 5322, 3.6.4), so that readers show one thread; the same notice has the same
 * {@code Message-ID} on every attempt.
 */
final class EmailChannel implements Channel {
  static final int SUBJECT = 200;

  private static final Pattern ADDRESS =
      Pattern.compile("(?:[^<>\\p{Cntrl}]*<)?[^\\s<>@\\p{Cntrl}]+@([A-Za-z0-9.-]+)>?");

  private final ChannelConfig.Email config;
  private final String domain;

  EmailChannel(ChannelConfig.Email config) {
    this.config = config;
    Matcher address = ADDRESS.matcher(config.from().strip());
    this.domain = address.matches() ? address.group(1) : "llmtrace.invalid";
  }

  static List<String> problems(ChannelConfig.Email config) {
    List<String> problems = new ArrayList<>();
    problem("from", config.from()).ifPresent(problems::add);
    if (config.to().isEmpty()) {
      problems.add("to: is empty; expected at least one address");
    }
    config.to().forEach(to -> problem("to", to).ifPresent(problems::add));
    return problems;
  }

  private static Optional<String> problem(String key, String address) {
    return ADDRESS.matcher(address.strip()).matches()
        ? Optional.empty()
        : Optional.of(
            key
                + ": "
                + Texts.line(address, 100)
                + " is no address; expected name@host or Name <name@host>");
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
    return String.join(", ", config.to()) + " by " + config.host() + ":" + config.port();
  }

  @Override
  public Outgoing render(Notice notice, Context context) {
    Told told = Told.of(notice);
    return new Mail(
        config.from().strip(),
        config.to().stream().map(String::strip).toList(),
        Texts.line("[LLMTrace] " + told.headline(), SUBJECT),
        text(told),
        html(told),
        headers(told, context.now()));
  }

  private Map<String, String> headers(Told told, Instant now) {
    Map<String, String> headers = new LinkedHashMap<>();
    String thread = "<incident." + told.incident() + "@" + domain + ">";
    if (told.number() == 1) {
      headers.put("Message-ID", thread);
    } else {
      headers.put("Message-ID", "<notice." + told.id() + "@" + domain + ">");
      headers.put("In-Reply-To", thread);
      headers.put("References", thread);
    }
    headers.put(
        "Date",
        DateTimeFormatter.RFC_1123_DATE_TIME.format(
            Told.time(now).truncatedTo(ChronoUnit.SECONDS).atOffset(ZoneOffset.UTC)));
    // RFC 3834: nobody's absence notice answers it.
    headers.put("Auto-Submitted", "auto-generated");
    headers.put("X-Auto-Response-Suppress", "All");
    headers.put("X-LLMTrace-Notice", told.id());
    headers.put("X-LLMTrace-Incident", told.incident());
    if (told.severity().atLeast(Severity.CRITICAL)) {
      headers.put("Importance", "high");
    }
    return headers;
  }

  private static String text(Told told) {
    StringBuilder out = new StringBuilder(told.headline()).append("\n\n");
    paragraph(out, told.summary());
    paragraph(out, told.traffic().isEmpty() ? "" : "Traffic: " + told.traffic());
    paragraph(out, told.person().orElse(""));
    for (Fact fact : told.details()) {
      out.append(fact.name()).append(": ").append(fact.value()).append('\n');
    }
    for (Notice.Sample sample : told.samples()) {
      out.append("Example of ").append(sample.type()).append(": ").append(sample.evidence());
      out.append(" (").append(sample.decisionId()).append(")\n");
    }
    out.append('\n');
    told.links()
        .forEach(
            (link, address) ->
                out.append(Told.label(link)).append(": ").append(address).append('\n'));
    return out.append("\n-- \n").append(told.footer()).append('\n').toString();
  }

  private static void paragraph(StringBuilder out, String text) {
    if (!text.isEmpty()) {
      out.append(text).append("\n\n");
    }
  }

  private static String html(Told told) {
    StringBuilder out = new StringBuilder(2_048);
    out.append("<!DOCTYPE html><html><head><meta charset=\"utf-8\"><title>");
    out.append(escaped(told.headline())).append("</title></head>");
    out.append("<body style=\"font-family:sans-serif\"><h2>").append(escaped(told.headline()));
    out.append("</h2>");
    htmlParagraph(out, told.summary());
    htmlParagraph(out, told.traffic().isEmpty() ? "" : "Traffic: " + told.traffic());
    htmlParagraph(out, told.person().orElse(""));
    out.append("<table cellpadding=\"4\">");
    told.details().forEach(fact -> row(out, fact.name(), fact.value()));
    told.samples()
        .forEach(
            sample ->
                row(
                    out,
                    "Example of " + sample.type(),
                    sample.evidence() + " (" + sample.decisionId() + ")"));
    out.append("</table><p>");
    told.links()
        .forEach(
            (link, address) ->
                out.append("<a href=\"")
                    .append(escaped(address))
                    .append("\">")
                    .append(escaped(Told.label(link)))
                    .append("</a>\n"));
    return out.append("</p><p><small>")
        .append(escaped(told.footer()))
        .append("</small></p></body></html>\n")
        .toString();
  }

  private static void row(StringBuilder out, String name, String value) {
    out.append("<tr><th align=\"left\">").append(escaped(name));
    out.append("</th><td>").append(escaped(value)).append("</td></tr>\n");
  }

  private static void htmlParagraph(StringBuilder out, String text) {
    if (!text.isEmpty()) {
      out.append("<p>").append(escaped(text).replace("\n", "<br>\n")).append("</p>");
    }
  }

  private static String escaped(String text) {
    return Texts.bounded(text, Integer.MAX_VALUE, Texts::html);
  }

  /**
   * By the reply code of SMTP: 2xx is delivered, 4xx may heal, 5xx needs a person (RFC 5321,
   * 4.2.1).
   */
  @Override
  public Verdict judge(int status, Map<String, List<String>> headers, byte[] bodyStart) {
    if (status >= 200 && status < 300) {
      return new Verdict.Delivered();
    }
    List<Secret> secrets = Optional.ofNullable(config.password()).map(List::of).orElse(List.of());
    String reason = Answers.reason("The mail server", status, bodyStart, secrets);
    return status >= 500 && status < 600
        ? new Verdict.Hopeless(reason)
        : new Verdict.Retry(reason, null);
  }
}
