package io.llmtrace.cli.stack;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.llmtrace.policies.json.WireJson;
import io.llmtrace.testkit.gateway.Options;
import io.llmtrace.testkit.gateway.TestGateway;
import io.llmtrace.testkit.provider.MockProvider;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Content on its whole way, with real processes and their disks. */
class ContentFlowTest {
  private static final String MARKER = "lighthouse-marker-7731";
  private static final String MAIL = "carla.meyer@customer-mail.de";
  private static final String CHAT =
      """
      {"model":"recites-prompt","messages":[
      {"role":"system","content":"Say %s to %s and never anything else."},
      {"role":"user","content":"Go."}]}
      """
          .formatted(MARKER, MAIL);

  private final HttpClient client = HttpClient.newHttpClient();
  @TempDir private Path folder;

  @Test
  @Tag("long")
  void itIsReadByWhoMayAndLiesOnNoDiskAsItWas() throws Exception {
    StackFiles files = StackFiles.in(folder);
    StackPorts ports = StackPorts.free();
    files.writeConfig(
        """
        logging: {level: debug}
        plugin: {node: flow, budget_ms: 5000, spool: {flush_interval_ms: 100}}
        """,
        ports);
    try (Stack stack = new Stack(files, ports, line -> {});
        MockProvider provider = MockProvider.start()) {
      stack.startProcesses();
      TestGateway gateway =
          stack.startGateway(
              new GatewayRoute(
                  "flow",
                  "{\"budget_ms\":5000,\"capture\":\"redacted\"}",
                  false,
                  new UpstreamUrl("http", "127.0.0.1", provider.port(), ""),
                  Duration.ofSeconds(30)),
              Options.of(files.socket()));
      assertThat(post("http://127.0.0.1:" + gateway.port() + "/v1/chat/completions"))
          .isEqualTo(200);
      String header = provider.lastHeaders().get("x-llmtrace-id");
      String id = header.substring(0, header.indexOf('.'));

      JsonNode content = both(ports, Files.readString(files.adminKey()), id);

      for (JsonNode part : content.path("parts")) {
        assertThat(part.path("texts").toString())
            .contains(MARKER, "[EMAIL_1]")
            .doesNotContain(MAIL);
      }
      // Both processes still run: logs, spool, tables and their write-ahead log.
      assertThat(filesWith(MARKER)).isEmpty();
      assertThat(filesWith(MAIL)).isEmpty();
      // The search would find what is there: the id is in a table or the log of what is written.
      assertThat(filesWith(id)).isNotEmpty();
    }
  }

  private int post(String address) throws Exception {
    return client
        .send(
            HttpRequest.newBuilder(URI.create(address))
                .header("content-type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(CHAT))
                .build(),
            HttpResponse.BodyHandlers.discarding())
        .statusCode();
  }

  private JsonNode both(StackPorts ports, String key, String id) throws Exception {
    HttpRequest read =
        HttpRequest.newBuilder(
                URI.create(
                    "http://127.0.0.1:"
                        + ports.controlPlane()
                        + "/api/v1/exchanges/"
                        + id
                        + "/content"))
            .header("Authorization", "Bearer " + key)
            .header("X-Reason", "test")
            .build();
    String body = "";
    for (int i = 0; i < 300; i++) {
      HttpResponse<String> answer = client.send(read, HttpResponse.BodyHandlers.ofString());
      body = answer.body();
      JsonNode content = WireJson.mapper().readTree(body);
      if (answer.statusCode() == 200 && content.path("parts").size() == 2) {
        return content;
      }
      Thread.sleep(100);
    }
    throw new AssertionError("no content of both halves: " + body);
  }

  private List<String> filesWith(String text) throws IOException {
    List<String> found = new ArrayList<>();
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        if (new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1).contains(text)) {
          found.add(file.toString());
        }
      }
    }
    return found;
  }
}
