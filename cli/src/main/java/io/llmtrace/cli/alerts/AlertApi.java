package io.llmtrace.cli.alerts;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmtrace.cli.remote.RefusedException;
import io.llmtrace.cli.remote.RefusedException.Exit;
import io.llmtrace.cli.remote.Server;
import io.llmtrace.policies.json.WireJson;
import io.llmtrace.runtime.config.Secret;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** {@code /api/v1/alerts} of a control plane, as whoever has the key sees it. Thread-safe. */
final class AlertApi {
  private static final String ROOT = "/api/v1/alerts/";

  /** To try a channel takes as long as the channel's service. */
  private static final Duration LONGEST = Duration.ofSeconds(30);

  private static final int PAGE = 500;
  private static final int MOST_OF_A_TEXT = 300;

  private final Server server;
  private final Secret key;

  /**
   * @param base where the control plane is: {@code http} or {@code https}, without a query
   */
  AlertApi(URI base, Secret key) {
    this.server =
        new Server(
            base,
            Duration.ofSeconds(10),
            at -> "no control plane can be reached at " + at + ": expected one, see --url");
    this.key = key;
  }

  /**
   * Part of a list.
   *
   * @param more whether there is more
   */
  record Listed(List<JsonNode> items, boolean more) {}

  /**
   * What stands at a path.
   *
   * @param segments behind {@code /api/v1/alerts/}, as they are
   */
  JsonNode get(String... segments) throws RefusedException {
    return ask("GET", path(segments), null);
  }

  JsonNode post(ObjectNode body, String... segments) throws RefusedException {
    return ask("POST", path(segments), body);
  }

  /** The first of a list. */
  Listed list(String segment, Map<String, String> query, int most) throws RefusedException {
    List<JsonNode> items = new ArrayList<>();
    @Nullable String cursor = null;
    do {
      StringBuilder path =
          new StringBuilder(path(segment) + "?limit=" + Math.min(PAGE, most - items.size()));
      query.forEach(
          (name, value) -> path.append('&').append(name).append('=').append(encoded(value)));
      if (cursor != null) {
        path.append("&cursor=").append(encoded(cursor));
      }
      JsonNode page = ask("GET", path.toString(), null);
      page.path("items").forEach(items::add);
      cursor = page.path("next").textValue();
    } while (cursor != null && items.size() < most);
    return new Listed(items, cursor != null);
  }

  private static String path(String... segments) throws RefusedException {
    StringBuilder path = new StringBuilder(ROOT);
    for (String segment : segments) {
      // These would be another path.
      if (segment.isBlank() || segment.equals(".") || segment.equals("..")) {
        throw new RefusedException(Exit.WRONG, "expected an id, was \"" + segment + "\"");
      }
      path.append(path.length() == ROOT.length() ? "" : "/").append(encoded(segment));
    }
    return path.toString();
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
  }

  private JsonNode ask(String verb, String path, @Nullable ObjectNode body)
      throws RefusedException {
    BodyPublisher sent =
        body == null ? BodyPublishers.noBody() : BodyPublishers.ofString(body.toString());
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(server.base() + path))
            .timeout(LONGEST)
            .header("Authorization", "Bearer " + key.reveal())
            .header("Accept", "application/json")
            .method(verb, sent);
    if (body != null) {
      request.header("Content-Type", "application/json");
    }
    return read(server.send(request.build()));
  }

  private JsonNode read(HttpResponse<String> answer) throws RefusedException {
    JsonNode json;
    try {
      json = WireJson.mapper().readTree(answer.body());
    } catch (JsonProcessingException e) {
      throw foreign(answer, e);
    }
    int status = answer.statusCode();
    if (status >= 200 && status < 300 && json.isContainerNode()) {
      return json;
    }
    String detail = json.path("detail").asText("");
    if (detail.isEmpty()) {
      throw foreign(answer, null);
    }
    String said =
        detail.length() > MOST_OF_A_TEXT ? detail.substring(0, MOST_OF_A_TEXT) + "…" : detail;
    throw switch (status) {
      case 400 -> new RefusedException(Exit.WRONG, said);
      case 401 ->
          new RefusedException(
              Exit.REFUSED,
              "401: the control plane does not know this key: expected an API key of it, by --key"
                  + " or "
                  + ApiKey.VARIABLE);
      case 403 -> new RefusedException(Exit.REFUSED, "403: this key may not do that: " + said);
      case 404, 409 -> new RefusedException(Exit.REFUSED, status + ": " + said);
      case 429, 503 -> new RefusedException(Exit.AWAY, status + ", try again later: " + said);
      default -> new RefusedException(Exit.AWAY, status + ": " + said);
    };
  }

  private RefusedException foreign(HttpResponse<String> answer, @Nullable Throwable cause) {
    String said =
        server.base() + " answered " + answer.statusCode() + " as no control plane does: see --url";
    return cause == null
        ? new RefusedException(Exit.AWAY, said)
        : new RefusedException(Exit.AWAY, said, cause);
  }
}
