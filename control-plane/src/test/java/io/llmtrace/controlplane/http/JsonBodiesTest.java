package io.llmtrace.controlplane.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmtrace.controlplane.TestControlPlane;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.NullSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A body that says that it is no JSON is not read. */
@ExtendWith(TestControlPlane.Extension.class)
class JsonBodiesTest {
  private static final String WRONG = "{\"id\":\"\"}";

  private final HttpClient client = HttpClient.newHttpClient();

  @ParameterizedTest
  @NullSource
  @ValueSource(
      strings = {
        "application/json",
        "Application/JSON; charset=utf-8",
        " application/json ;a=b",
        "application/merge-patch+json"
      })
  void whatIsJsonOrDoesNotSayIsRead(String type, TestControlPlane plane) throws Exception {
    HttpResponse<String> answer = post(plane, plane.admin(), type);
    assertThat(answer.statusCode()).isEqualTo(400);
    assertThat(answer.body()).contains("/id");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/xml",
        "application/jsonp",
        "text/json"
      })
  void whatSaysThatItIsSomethingElseIsRefused(String type, TestControlPlane plane)
      throws Exception {
    HttpResponse<String> answer = post(plane, plane.admin(), type);
    assertThat(answer.statusCode()).isEqualTo(415);
    JsonNode problem = TestControlPlane.json(answer);
    assertThat(problem.path("title").asText()).isEqualTo("Unsupported Media Type");
    assertThat(problem.path("detail").asText())
        .isEqualTo("Content-Type: expected application/json");
  }

  @ParameterizedTest
  @ValueSource(strings = {"application/json, text/plain", "nonsense"})
  void whatIsNoTypeAtAllIsRefused(String type, TestControlPlane plane) throws Exception {
    HttpResponse<String> answer = post(plane, plane.admin(), type);
    assertThat(answer.statusCode()).isEqualTo(400);
    assertThat(answer.body()).doesNotContain("/id");
  }

  @Test
  void whoMayNotSendIsToldThatFirst(TestControlPlane plane) throws Exception {
    assertThat(post(plane, "no-key", "text/plain").statusCode()).isEqualTo(401);
    String viewer = plane.key("viewer", TestControlPlane.OWN);
    assertThat(post(plane, viewer, "text/plain").statusCode()).isEqualTo(403);
  }

  @Test
  void batchesOfPluginsAreJsonToo(TestControlPlane plane) throws Exception {
    HttpResponse<String> answer =
        send(
            plane,
            "/api/v1/ingest/batches",
            plane.key("instance", TestControlPlane.OWN),
            "text/plain",
            "{}");
    assertThat(answer.statusCode()).isEqualTo(415);
  }

  private HttpResponse<String> post(TestControlPlane plane, String key, @Nullable String type)
      throws Exception {
    return send(plane, "/api/v1/tenants", key, type, WRONG);
  }

  private HttpResponse<String> send(
      TestControlPlane plane, String path, String key, @Nullable String type, String body)
      throws Exception {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + plane.service().port() + path))
            .header("Authorization", "Bearer " + key)
            .POST(HttpRequest.BodyPublishers.ofString(body));
    if (type != null) {
      request.header("Content-Type", type);
    }
    return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
  }
}
