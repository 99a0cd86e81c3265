package io.llmtrace.controlplane.policies;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmtrace.controlplane.TestControlPlane;
import io.llmtrace.policies.id.Ulid;
import io.llmtrace.policies.json.WireJson;
import java.net.http.HttpResponse;
import java.util.Locale;

/** Policies that are made as people make them. */
public final class PolicySamples {
  private final TestControlPlane plane;
  private final String author;
  private final Ulid ids = new Ulid();

  public PolicySamples(TestControlPlane plane) {
    this(plane, plane.admin());
  }

  /**
   * @param author the key that they are made with
   */
  public PolicySamples(TestControlPlane plane, String author) {
    this.plane = plane;
    this.author = author;
  }

  /** A name that no policy has. */
  public String name() {
    return "p-" + ids.next().toLowerCase(Locale.ROOT);
  }

  /** A policy that does something with jailbreaks. */
  public static String source(String name, String action) {
    return """
        apiVersion: llmtrace.io/v1
        kind: Policy
        metadata: {name: %s}
        rules:
          - name: jailbreaks
            findings: [jailbreak]
            action: %s
        """
        .formatted(name, action);
  }

  /**
   * A body with a source.
   *
   * @param more fields, each behind a comma
   */
  public static String body(String source, String more) throws Exception {
    return "{\"source\":" + WireJson.mapper().writeValueAsString(source) + more + "}";
  }

  /** A new policy of a tenant, or everybody's. */
  public String newBody(String tenant) throws Exception {
    return body(source(name(), "block"), tenant == null ? "" : ",\"tenant\":\"" + tenant + "\"");
  }

  /** The id of a new policy with two versions, none of which holds. */
  public String made(String tenant) throws Exception {
    JsonNode policy = post("", newBody(tenant));
    String id = policy.path("id").asText();
    HttpResponse<String> edited =
        plane.call(
            "PUT",
            "/api/v1/policies/" + id,
            author,
            body(source(policy.path("name").asText(), "flag"), ",\"message\":\"milder\""),
            "If-Match",
            "*");
    assertThat(edited.statusCode()).as(edited.body()).isEqualTo(200);
    return id;
  }

  /** The same with things done to it, each as a path and a body in turn. */
  public String made(String tenant, String... steps) throws Exception {
    String id = made(tenant);
    for (int i = 0; i < steps.length; i += 2) {
      JsonNode unused = post("/" + id + steps[i], steps[i + 1]);
    }
    return id;
  }

  private JsonNode post(String path, String body) throws Exception {
    HttpResponse<String> answer = plane.call("POST", "/api/v1/policies" + path, author, body);
    assertThat(answer.statusCode()).as(answer.body()).isBetween(200, 299);
    return TestControlPlane.json(answer);
  }
}
