package io.llmtrace.cli.bench.policies;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmtrace.policies.json.WireJson;
import java.io.IOException;

/**
 * The standard policy of an installation, whose versions all decide about each request of the bench
 * and say which of them they are. For one thread.
 */
final class EditedPolicy {
  static final String NAME = "bench";

  /** What a version does with a request. */
  enum Way {
    /** And tells the caller its number. */
    BLOCKS("block, message: \"%s\""),
    FLAGS("flag");

    private final String action;

    Way(String action) {
      this.action = action;
    }

    String action(int version) {
      return action.formatted(message(version));
    }
  }

  private final Installation installation;
  private String id = "";
  private int newest;

  EditedPolicy(Installation installation) {
    this.installation = installation;
  }

  /** Name of the one rule of a version, as records have it. */
  static String rule(int version) {
    return NAME + "/v" + version;
  }

  /** What callers that a version blocks are told. */
  static String message(int version) {
    return "This is version " + version + ".";
  }

  /** By headers alone, so that it also decides about what was not read in time. */
  private static String source(int version, Way way) {
    return """
        apiVersion: llmtrace.io/v1
        kind: Policy
        metadata: {name: %s}
        mode: enforce
        rules:
          - {name: v%d, match: {headers: {x-app: bench}}, action: %s}
        """
        .formatted(NAME, version, way.action(version));
  }

  /**
   * Writes a new version; it does not hold yet.
   *
   * @return its number
   */
  int edit(Way way) throws IOException, InterruptedException {
    int next = newest + 1;
    ObjectNode body = WireJson.mapper().createObjectNode().put("source", source(next, way));
    JsonNode written;
    if (id.isEmpty()) {
      written = installation.call("POST", "/api/v1/policies", body.put("standard", true), 201);
      id = written.path("id").asText();
    } else {
      written = installation.call("PUT", "/api/v1/policies/" + id, body, 200, "If-Match", "*");
    }
    newest = written.path("newest").asInt();
    if (newest != next) {
      throw new IllegalStateException("expected version " + next + ", written as " + newest);
    }
    return newest;
  }

  void activate(int version) throws IOException, InterruptedException {
    JsonNode unused =
        installation.call(
            "POST",
            "/api/v1/policies/" + id + "/activate",
            WireJson.mapper().createObjectNode().put("version", version),
            200);
  }

  /** The version of this policy that decided at a revision of a bundle. */
  int versionAt(long revision) throws IOException, InterruptedException {
    JsonNode bundle = installation.call("GET", "/api/v1/policies/bundles/" + revision, null, 200);
    for (JsonNode each : bundle.path("versions")) {
      if (each.path("policy").asText().equals(id) && each.path("role").asText().equals("active")) {
        return each.path("version").asInt();
      }
    }
    throw new IllegalStateException("bundle " + revision + " has no active version: " + bundle);
  }
}
