package io.llmtrace.cli.up;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.llmtrace.policies.json.WireJson;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** The npm clients, in a Node process that stays up: {@code src/test/sdk/client.mjs}. */
final class NodeClient implements SdkClient {
  private static final Path FOLDER = Path.of("src/test/sdk").toAbsolutePath();

  private final String api;
  private final Process node;
  private final Writer in;
  private final BufferedReader out;

  private NodeClient(String api, Process node) {
    this.api = api;
    this.node = node;
    this.in = node.outputWriter(UTF_8);
    this.out = new BufferedReader(new InputStreamReader(node.getInputStream(), UTF_8));
  }

  /** Starts Node; skips the test where it or the clients are missing. */
  static NodeClient start(String api) throws IOException, InterruptedException {
    assumeTrue(
        Files.isDirectory(FOLDER.resolve("node_modules/openai"))
            && Files.isDirectory(FOLDER.resolve("node_modules/@anthropic-ai/sdk")),
        "the npm clients are not installed: run \"npm ci\" in " + FOLDER);
    assumeTrue(hasNode(), "there is no \"node\" 18 or newer on the PATH");
    ProcessBuilder command = new ProcessBuilder("node", "client.mjs").directory(FOLDER.toFile());
    // Only what the test says: a proxy of the machine would take the place of the gateway.
    command
        .environment()
        .keySet()
        .removeIf(name -> name.matches("(?i).*(proxy|openai|anthropic).*"));
    return new NodeClient(api, command.redirectError(ProcessBuilder.Redirect.INHERIT).start());
  }

  private static boolean hasNode() throws InterruptedException {
    try {
      Process version =
          new ProcessBuilder(
                  "node", "-e", "process.exit(parseInt(process.versions.node) >= 18 ? 0 : 1)")
              .start();
      return version.waitFor(60, TimeUnit.SECONDS) && version.exitValue() == 0;
    } catch (IOException e) {
      return false; // not there: the caller says so
    }
  }

  @Override
  public Seen chat(Ask ask) throws IOException {
    return ask("chat", ask);
  }

  @Override
  public Seen stream(Ask ask) throws IOException {
    return ask("stream", ask);
  }

  @Override
  public Seen tools(Ask ask) throws IOException {
    return ask("tools", ask);
  }

  private Seen ask(String what, Ask ask) throws IOException {
    ObjectNode question = WireJson.mapper().createObjectNode();
    question.put("api", api).put("what", what).put("base", ask.base());
    question.put("model", ask.model()).put("prompt", ask.prompt());
    if (ask.retries() >= 0) {
      question.put("retries", ask.retries());
    }
    in.write(question + "\n");
    in.flush();
    String line = out.readLine();
    if (line == null) {
      throw new IOException("Node ended without an answer; its standard error says why");
    }
    JsonNode seen = WireJson.mapper().readTree(line);
    return new Seen(
        seen.path("text").asText(""),
        seen.path("finish").asText(""),
        seen.path("tool").asText(""),
        seen.path("input").asText(""),
        seen.path("events").asInt(),
        seen.path("failure").asText(""),
        seen.path("status").asInt(),
        seen.path("code").asText(""),
        seen.path("message").asText(""),
        seen.path("retryAfter").asText(""));
  }

  @Override
  public void close() throws IOException {
    in.close(); // the script ends with its input
    try {
      if (!node.waitFor(10, TimeUnit.SECONDS)) {
        node.destroyForcibly();
      }
    } catch (InterruptedException e) {
      node.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }
}
