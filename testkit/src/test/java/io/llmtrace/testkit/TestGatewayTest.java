package io.llmtrace.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.api7.A6.HTTPReqCall.Req;
import io.llmtrace.testkit.a6.A6Frame;
import io.llmtrace.testkit.gateway.Options;
import io.llmtrace.testkit.gateway.TestGateway;
import io.llmtrace.testkit.provider.MockProvider;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TestGatewayTest {
  @TempDir Path folder;
  private MockProvider provider;
  private final HttpClient http = HttpClient.newHttpClient();

  @BeforeEach
  void startProvider() throws IOException {
    provider = MockProvider.start();
  }

  @AfterEach
  void stopProvider() {
    provider.close();
  }

  @Test
  void passesTrafficWhenTheRunnerIsAwayAndDegradationIsAllowed() throws Exception {
    try (TestGateway gateway = gateway(true)) {
      assertThat(chat(gateway, "m", false).body()).contains("Hello from the mock provider.");
      assertThat(chat(gateway, "m", true).body()).contains("[DONE]").contains("usage");
      assertThat(chat(gateway, "error-429", false).statusCode()).isEqualTo(429);
    }
  }

  @Test
  void answers503WhenTheRunnerIsAwayAndDegradationIsNotAllowed() throws Exception {
    try (TestGateway gateway = gateway(false)) {
      assertThat(chat(gateway, "m", false).statusCode()).isEqualTo(503);
      assertThat(provider.requests()).isZero();
    }
  }

  @Test
  void enforcesTheRunnersStop() throws Exception {
    try (ScriptedRunner runner = runner(false);
        TestGateway gateway = gateway(false)) {
      assertThat(chat(gateway, "418", false).statusCode()).isEqualTo(418);
      assertThat(chat(gateway, "403", false).statusCode()).isEqualTo(403);
      assertThat(runner.prepared).hasValue(1);
    }
  }

  @Test
  void givesALateSecondAnswerToTheNextRequestAsTheRealGatewayDoes() throws Exception {
    try (ScriptedRunner runner = runner(true);
        TestGateway gateway = gateway(false)) {
      assertThat(chat(gateway, "418", false).statusCode()).isEqualTo(418);
      assertThat(chat(gateway, "403", false).statusCode())
          .as("the decision of the request before")
          .isEqualTo(418);
      assertThat(runner.prepared).hasValue(1);
    }
  }

  private TestGateway gateway(boolean degrade) {
    return TestGateway.start(
        Routes.plugin("ext-plugin-pre-req", degrade, provider.port()),
        Options.of(folder.resolve("r.sock")));
  }

  private HttpResponse<String> chat(TestGateway gateway, String model, boolean stream)
      throws Exception {
    String body = "{\"model\":\"" + model + "\",\"stream\":" + stream + ",\"messages\":[]}";
    return http.send(
        HttpRequest.newBuilder(
                URI.create("http://127.0.0.1:" + gateway.port() + "/v1/chat/completions"))
            .header("x-want", model)
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build(),
        HttpResponse.BodyHandlers.ofString());
  }

  /** Stops each request with the status in x-want; a late one first repeats its last answer. */
  private ScriptedRunner runner(boolean late) throws IOException {
    AtomicReference<A6Frame> last = new AtomicReference<>();
    return new ScriptedRunner(
        folder.resolve("r.sock"),
        (call, peer) -> {
          Req req = Req.getRootAsReq(call.payload());
          int status = 500;
          for (int i = 0; i < req.headersLength(); i++) {
            if (req.headers(i).name().equals("x-want")) {
              status = Integer.parseInt(req.headers(i).value());
            }
          }
          A6Frame answer = Answers.stop(req.id(), status, "");
          A6Frame before = last.getAndSet(answer);
          if (late && before != null) {
            peer.send(before);
          }
          peer.send(answer);
        });
  }
}
