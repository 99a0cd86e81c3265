package io.llmtrace.cli.gateway;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmtrace.cli.remote.RefusedException;
import io.llmtrace.cli.remote.RefusedException.Exit;
import io.llmtrace.cli.remote.Server;
import io.llmtrace.policies.json.WireJson;
import io.llmtrace.runtime.config.Secret;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The Admin API of Apache APISIX 3.x, as whoever has the key sees it. Thread-safe.
 *
 * <p>A route is changed by PATCH alone: the gateway merges it into what is there by a
 * compare-and-swap of its own, so plugins that are not named keep what others write meanwhile.
 */
final class AdminApi {
  private static final String ADMIN = "/apisix/admin/";
  private static final String ROUTES = ADMIN + "routes/";
  private static final Duration LONGEST = Duration.ofSeconds(15);
  private static final int MOST_OF_A_TEXT = 500;

  /** What APISIX takes as an id. */
  private static final Pattern ID = Pattern.compile("[a-zA-Z0-9_.-]{1,64}");

  private final Server server;
  private final Secret key;

  /**
   * @param base where the Admin API listens, such as {@code http://127.0.0.1:9180}
   */
  AdminApi(URI base, Secret key) {
    this.server =
        new Server(
            base,
            Duration.ofSeconds(5),
            at ->
                "no Admin API can be reached at "
                    + at
                    + ": expected one, see --admin. A gateway in standalone mode has none: see"
                    + " --standalone");
    this.key = key;
  }

  /** Refuses what cannot be the id of a route, and would be another path. */
  static String routeId(String id) throws RefusedException {
    if (!ID.matcher(id).matches() || id.equals(".") || id.equals("..")) {
      throw new RefusedException(
          Exit.WRONG, "--route: expected the id of a route: letters, digits, _ . - (64 at most)");
    }
    return id;
  }

  /** The route as it is stored, without what the gateway merges into it. */
  ObjectNode route(String id) throws RefusedException {
    JsonNode value = ask("GET", id, null).path("value");
    if (value instanceof ObjectNode route) {
      return route;
    }
    throw foreign("200 without a route", null);
  }

  /**
   * A service or a plugin config that a route takes plugins from.
   *
   * @param kind {@code services} or {@code plugin_configs}
   * @return a missing node where there is none of that id
   */
  JsonNode shared(String kind, String id) throws RefusedException {
    HttpResponse<String> answer = send("GET", ADMIN + kind + "/" + routeId(id), null);
    return answer.statusCode() == 404 ? MissingNode.getInstance() : read(id, answer).path("value");
  }

  /** Merges a patch into a route; a member that is null is removed. */
  void patch(String id, ObjectNode patch) throws RefusedException {
    ask("PATCH", id, patch);
  }

  private JsonNode ask(String verb, String id, @Nullable ObjectNode body) throws RefusedException {
    return read(id, send(verb, ROUTES + routeId(id), body));
  }

  private HttpResponse<String> send(String verb, String path, @Nullable ObjectNode body)
      throws RefusedException {
    BodyPublisher sent =
        body == null ? BodyPublishers.noBody() : BodyPublishers.ofString(body.toString());
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(server.base() + path))
            .timeout(LONGEST)
            .header("X-API-KEY", key.reveal())
            .header("Content-Type", "application/json")
            .method(verb, sent)
            .build();
    return server.send(request);
  }

  private JsonNode read(String id, HttpResponse<String> answer) throws RefusedException {
    int status = answer.statusCode();
    JsonNode json = json(answer.body());
    if (status >= 200 && status < 300) {
      if (json.isObject()) {
        return json;
      }
      throw foreign(status + " without JSON", null);
    }
    String said = said(json);
    throw switch (status) {
      case 400 ->
          new RefusedException(
              Exit.REFUSED,
              "400: the gateway refuses the change: "
                  + said
                  + (said.contains("unknown plugin")
                      ? "; add it to plugins: in the gateway's config.yaml and restart it"
                      : ""));
      case 401 ->
          new RefusedException(
              Exit.REFUSED,
              "401: the gateway does not take this admin key ("
                  + said
                  + "): expected one of deployment.admin.admin_key of its config.yaml, with the"
                  + " role admin, by --key-file or "
                  + GatewayOptions.VARIABLE);
      case 403 ->
          new RefusedException(
              Exit.REFUSED,
              "403: the gateway does not let this machine ask its Admin API: see"
                  + " deployment.admin.allow_admin of its config.yaml");
      case 404 -> notFound(id, json);
      case 503 -> new RefusedException(Exit.AWAY, "503: the gateway's store is away: " + said);
      default -> foreign(Integer.toString(status), said);
    };
  }

  private RefusedException notFound(String id, JsonNode json) {
    // Only a gateway with etcd says so; one without has no routes to ask for.
    if (json.path("message").asText("").equalsIgnoreCase("Key not found")) {
      return new RefusedException(Exit.REFUSED, "404: the gateway has no route " + id);
    }
    return new RefusedException(
        Exit.AWAY,
        "404: there is no Admin API for routes at "
            + server.base()
            + ": expected its port (9180 by default, not that of the traffic). A gateway in"
            + " standalone mode has none: see --standalone");
  }

  private RefusedException foreign(String status, @Nullable String said) {
    return new RefusedException(
        Exit.AWAY,
        server.base()
            + " answered "
            + status
            + " as no Admin API of APISIX 3 does: see --admin"
            + (said == null || said.isEmpty() ? "" : ": " + said));
  }

  private static JsonNode json(String body) {
    try {
      JsonNode json = WireJson.mapper().readTree(body);
      return json == null ? MissingNode.getInstance() : json;
    } catch (JsonProcessingException e) {
      // A page of a proxy or of nginx; the status says enough.
      return MissingNode.getInstance();
    }
  }

  private static String said(JsonNode json) {
    StringBuilder said = new StringBuilder();
    for (String name : new String[] {"error_msg", "description", "message"}) {
      String text = json.path(name).asText("");
      if (!text.isEmpty()) {
        said.append(said.isEmpty() ? "" : ": ").append(text);
      }
    }
    return said.length() > MOST_OF_A_TEXT ? said.substring(0, MOST_OF_A_TEXT) + "…" : said + "";
  }
}
