package io.llmtrace.cli.bench.gateway;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;

/** The plugin's own metrics page. */
final class Page {
  private static final HttpClient HTTP = HttpClient.newHttpClient();

  private Page() {}

  /** The sum of a counter's series whose labels contain a text. */
  static double sum(int port, String metric, String label)
      throws IOException, InterruptedException {
    String page =
        HTTP.send(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/metrics")).build(),
                BodyHandlers.ofString())
            .body();
    return page.lines()
        .filter(line -> line.startsWith(metric + "{") && line.contains(label))
        .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
        .sum();
  }
}
