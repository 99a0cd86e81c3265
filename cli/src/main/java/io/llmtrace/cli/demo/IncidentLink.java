package io.llmtrace.cli.demo;

import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** The page that a link in a message opens, as a person without an API key uses it. */
final class IncidentLink {
  private static final Duration LONGEST = Duration.ofSeconds(5);
  private static final Pattern FORM = Pattern.compile("<form method=\"post\" action=\"([^\"]+)\">");
  private static final Pattern HIDDEN =
      Pattern.compile("<input type=\"hidden\" name=\"([^\"]+)\" value=\"([^\"]*)\">");

  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).connectTimeout(LONGEST).build();
  private final URI address;

  IncidentLink(URI address) {
    this.address = address;
  }

  URI address() {
    return address;
  }

  /** Looks at the page, as a preview of links does too. */
  String open() throws IOException, InterruptedException {
    HttpResponse<String> page = send(HttpRequest.newBuilder(address).GET());
    if (page.statusCode() != 200) {
      throw new IOException("the incident's page answered " + page.statusCode());
    }
    return page.body();
  }

  /** Presses a button of a page that was opened: sends its form as a browser does. */
  void press(String page, String button, String name, String comment)
      throws IOException, InterruptedException {
    Matcher form = FORM.matcher(page);
    if (!form.find() || !page.contains("name=\"act\" value=\"" + button + "\"")) {
      throw new IOException("the incident's page has no button " + button);
    }
    Map<String, String> fields = new LinkedHashMap<>();
    HIDDEN.matcher(page).results().forEach(field -> fields.put(field.group(1), field.group(2)));
    fields.put("name", name);
    fields.put("comment", comment);
    fields.put("act", button);
    String body =
        fields.entrySet().stream()
            .map(field -> encoded(field.getKey()) + "=" + encoded(field.getValue()))
            .collect(Collectors.joining("&"));
    HttpResponse<String> answer =
        send(
            HttpRequest.newBuilder(address.resolve(form.group(1)))
                .header("content-type", "application/x-www-form-urlencoded")
                .POST(HttpRequest.BodyPublishers.ofString(body)));
    if (answer.statusCode() != 303) {
      throw new IOException(
          "the button " + button + " answered " + answer.statusCode() + ", expected 303");
    }
  }

  private HttpResponse<String> send(HttpRequest.Builder request)
      throws IOException, InterruptedException {
    return http.send(request.timeout(LONGEST).build(), HttpResponse.BodyHandlers.ofString());
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }
}
