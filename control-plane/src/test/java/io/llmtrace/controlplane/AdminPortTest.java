package io.llmtrace.controlplane;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(TestControlPlane.Extension.class)
class AdminPortTest {
  private final TestControlPlane plane;

  AdminPortTest(TestControlPlane plane) {
    this.plane = plane;
  }

  private HttpResponse<String> ask(String verb, String path) throws Exception {
    return HttpClient.newHttpClient()
        .send(
            HttpRequest.newBuilder(
                    URI.create("http://127.0.0.1:" + plane.service().adminPort() + path))
                .method(verb, HttpRequest.BodyPublishers.noBody())
                .build(),
            HttpResponse.BodyHandlers.ofString());
  }

  @Test
  void itSaysWhetherTheDatabaseAnswers() throws Exception {
    HttpResponse<String> answer = ask("GET", "/healthcheck");
    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.body()).contains("\"storage\":{\"healthy\":true");
    assertThat(ask("GET", "/threads").body()).contains("main");
  }

  @Test
  void itOnlyLooks() throws Exception {
    for (String path :
        List.of(
            "/tasks/log-level?logger=org&level=DEBUG",
            "/tasks/gc",
            "/tasks",
            "/ping",
            "/x/../tasks/gc",
            "//tasks/gc",
            "/tasks;x=1/gc")) {
      assertThat(ask("POST", path).statusCode()).as(path).isIn(400, 404);
    }
    assertThat(ask("GET", "/pprof?duration=1").statusCode()).isEqualTo(404);
  }
}
