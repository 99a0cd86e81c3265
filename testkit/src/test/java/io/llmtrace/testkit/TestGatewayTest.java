package io.llmtrace.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.flatbuffers.FlatBufferBuilder;
import io.github.api7.A6.HTTPReqCall.Action;
import io.github.api7.A6.HTTPReqCall.Req;
import io.github.api7.A6.HTTPReqCall.Resp;
import io.github.api7.A6.HTTPReqCall.Stop;
import io.llmtrace.testkit.a6.A6Frame;
import io.llmtrace.testkit.gateway.GatewayConfig;
import io.llmtrace.testkit.gateway.Options;
import io.llmtrace.testkit.gateway.TestGateway;
import io.llmtrace.testkit.provider.MockProvider;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.URI;
import java.net.UnixDomainSocketAddress;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
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
    try (ServerSocketChannel runner = runner(false);
        TestGateway gateway = gateway(false)) {
      assertThat(chat(gateway, "418", false).statusCode()).isEqualTo(418);
      assertThat(chat(gateway, "403", false).statusCode()).isEqualTo(403);
      assertThat(runner.isOpen()).isTrue();
    }
  }

  @Test
  void givesALateSecondAnswerToTheNextRequestAsTheRealGatewayDoes() throws Exception {
    try (ServerSocketChannel runner = runner(true);
        TestGateway gateway = gateway(false)) {
      assertThat(chat(gateway, "418", false).statusCode()).isEqualTo(418);
      assertThat(chat(gateway, "403", false).statusCode())
          .as("the decision of the request before")
          .isEqualTo(418);
      assertThat(runner.isOpen()).isTrue();
    }
  }

  private TestGateway gateway(boolean degrade) {
    String yaml =
        """
        routes:
          - id: chat
            uri: /v1/*
            plugins:
              ext-plugin-pre-req:
                allow_degradation: %s
                conf:
                  - {name: llmtrace, value: '{}'}
            upstream:
              nodes:
                "127.0.0.1:%d": 1
        #END
        """
            .formatted(degrade, provider.port());
    return TestGateway.start(GatewayConfig.parse(yaml), Options.of(folder.resolve("r.sock")));
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
  private ServerSocketChannel runner(boolean late) throws IOException {
    ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    server.bind(UnixDomainSocketAddress.of(folder.resolve("r.sock")));
    Thread accept =
        new Thread(
            () -> {
              while (server.isOpen()) {
                try {
                  SocketChannel peer = server.accept();
                  new Thread(() -> serve(peer, late)).start();
                } catch (IOException e) {
                  return; // the test closed the socket
                }
              }
            });
    accept.start();
    return server;
  }

  private static void serve(SocketChannel peer, boolean late) {
    A6Frame last = null;
    try (peer) {
      while (true) {
        ByteBuffer header = ByteBuffer.allocate(4);
        if (!fill(peer, header)) {
          return;
        }
        ByteBuffer payload = ByteBuffer.allocate(header.getInt(0) & A6Frame.MAX_PAYLOAD);
        if (!fill(peer, payload)) {
          return;
        }
        payload.flip();
        FlatBufferBuilder b = new FlatBufferBuilder();
        if (header.get(0) == A6Frame.PREPARE_CONF) {
          b.finish(io.github.api7.A6.PrepareConf.Resp.createResp(b, 7));
          peer.write(new A6Frame(A6Frame.PREPARE_CONF, b.dataBuffer()).encode());
          continue;
        }
        Req req = Req.getRootAsReq(payload);
        int status = 500;
        for (int i = 0; i < req.headersLength(); i++) {
          if (req.headers(i).name().equals("x-want")) {
            status = Integer.parseInt(req.headers(i).value());
          }
        }
        b.finish(Resp.createResp(b, req.id(), Action.Stop, Stop.createStop(b, status, 0, 0)));
        A6Frame answer = new A6Frame(A6Frame.HTTP_REQ_CALL, b.dataBuffer());
        if (late && last != null) {
          peer.write(last.encode());
        }
        peer.write(answer.encode());
        last = answer;
      }
    } catch (IOException e) {
      return; // the gateway closed the connection
    }
  }

  private static boolean fill(SocketChannel peer, ByteBuffer into) throws IOException {
    while (into.hasRemaining()) {
      if (peer.read(into) < 0) {
        return false;
      }
    }
    return true;
  }
}
