package io.llmtrace.cli.demo;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmtrace.policies.json.WireJson;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;

/** The control plane as any client sees it, with an administrator's key. Thread-safe. */
final class ControlPlaneApi {
  private static final Duration LONGEST = Duration.ofSeconds(5);

  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).connectTimeout(LONGEST).build();
  private final URI base;
  private final String key;

  ControlPlaneApi(URI base, String key) {
    this.base = base;
    this.key = key;
  }

  JsonNode health() throws IOException, InterruptedException {
    return get("/health");
  }

  MetricsPage metrics() throws IOException, InterruptedException {
    return MetricsPage.parse(expect200("/metrics", answer("/metrics")).body());
  }

  /** The stored exchange, or empty while there is none. */
  Optional<JsonNode> exchange(String decisionId) throws IOException, InterruptedException {
    HttpResponse<String> answer = answer("/api/v1/exchanges/" + encoded(decisionId));
    return answer.statusCode() == 404 ? Optional.empty() : Optional.of(json(answer));
  }

  /** What stands at a path, which is to be there. */
  JsonNode get(String path) throws IOException, InterruptedException {
    return json(answer(path));
  }

  /** Does something, and says why. */
  JsonNode post(String path, String comment) throws IOException, InterruptedException {
    String body =
        WireJson.mapper()
            .writeValueAsString(WireJson.mapper().createObjectNode().put("comment", comment));
    return json(
        send(
            request(path)
                .header("content-type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body))));
  }

  private JsonNode json(HttpResponse<String> answer) throws IOException {
    return WireJson.mapper().readTree(expect200(answer.uri().getPath(), answer).body());
  }

  private static HttpResponse<String> expect200(String path, HttpResponse<String> answer)
      throws IOException {
    if (answer.statusCode() != 200) {
      throw new IOException(
          path + " answered " + answer.statusCode() + ", expected 200: " + answer.body());
    }
    return answer;
  }

  private HttpResponse<String> answer(String path) throws IOException, InterruptedException {
    return send(request(path).GET());
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(base.resolve(path))
        .timeout(LONGEST)
        .header("authorization", "Bearer " + key);
  }

  private HttpResponse<String> send(HttpRequest.Builder request)
      throws IOException, InterruptedException {
    return http.send(request.build(), HttpResponse.BodyHandlers.ofString());
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }
}
