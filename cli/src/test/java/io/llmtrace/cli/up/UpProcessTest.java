package io.llmtrace.cli.up;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmtrace.cli.Main;
import io.llmtrace.cli.stack.ChildJvm;
import io.llmtrace.cli.stack.ChildProcess;
import io.llmtrace.testkit.provider.MockProvider;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code up} as a user starts it: a process with children, until it is told to stop. */
@Timeout(240)
class UpProcessTest {
  private static final Pattern BASE = Pattern.compile("ANTHROPIC_BASE_URL=(http://\\S+)");
  private static final Duration LONGEST = Duration.ofSeconds(90);

  @TempDir Path directory;

  @Test
  void it_says_what_to_set_serves_and_leaves_nothing_behind_when_told_to_stop() throws Exception {
    try (MockProvider provider = MockProvider.start();
        ChildProcess up = start(provider, "")) {
      HttpResponse<String> answer = ask(awaitBase(up));
      assertThat(answer.statusCode()).isEqualTo(200);
      assertThat(provider.lastHeaders()).containsKey("x-llmtrace-id");
      assertThat(log())
          .contains(
              "OPENAI_BASE_URL=http://127.0.0.1:", "/v1\n", "initial-admin.key", "It observes")
          .doesNotContain("\u001b");
      List<ProcessHandle> children = children(up);
      assertThat(children).hasSizeGreaterThanOrEqualTo(2);
      new ProcessBuilder("kill", "-INT", String.valueOf(up.pid())).start().waitFor();
      up.ended().get(LONGEST.toSeconds(), TimeUnit.SECONDS);
      assertThat(children).noneMatch(ProcessHandle::isAlive);
    }
  }

  @Test
  void a_plugin_that_dies_ends_it_with_the_reason() throws Exception {
    try (MockProvider provider = MockProvider.start();
        ChildProcess up = start(provider, "--enforce")) {
      awaitBase(up);
      ProcessHandle plugin =
          ProcessHandle.of(up.pid())
              .orElseThrow()
              .children()
              .max(Comparator.comparing(child -> child.info().startInstant().orElseThrow()))
              .orElseThrow();
      plugin.destroyForcibly();
      up.ended().get(LONGEST.toSeconds(), TimeUnit.SECONDS);
      assertThat(up.ending()).isEqualTo("ended with exit code 1");
      assertThat(log()).contains("the plugin ended with exit code 137; it wrote last:");
    }
  }

  @Test
  void a_control_plane_that_cannot_start_ends_it_with_what_it_wrote() throws Exception {
    Files.createDirectories(directory.resolve("data"));
    Files.writeString(directory.resolve("data/control-plane"), "no directory");
    try (MockProvider provider = MockProvider.start();
        ChildProcess up = start(provider, "")) {
      up.ended().get(LONGEST.toSeconds(), TimeUnit.SECONDS);
      assertThat(up.ending()).isEqualTo("ended with exit code 1");
      assertThat(log()).contains("the control plane is not ready", "it wrote:");
    }
  }

  private ChildProcess start(MockProvider provider, String option) throws IOException {
    List<String> arguments =
        List.of(
            "up",
            "--upstream=http://127.0.0.1:" + provider.port(),
            "--port=0",
            "--data=" + directory.resolve("data"),
            option);
    return ChildProcess.start(
        "up",
        directory.resolve("up.log"),
        ChildJvm.options("-Xmx512m"),
        ChildJvm.environment(),
        Main.class.getName(),
        arguments.stream().filter(argument -> !argument.isEmpty()).toList());
  }

  private static List<ProcessHandle> children(ChildProcess up) {
    return ProcessHandle.of(up.pid()).orElseThrow().descendants().toList();
  }

  private String log() throws IOException {
    return Files.readString(directory.resolve("up.log"));
  }

  private String awaitBase(ChildProcess up) throws Exception {
    long end = System.nanoTime() + LONGEST.toNanos();
    while (System.nanoTime() < end && up.alive()) {
      Matcher base = BASE.matcher(log());
      if (base.find() && log().contains("Press Ctrl-C")) {
        return base.group(1);
      }
      Thread.sleep(100);
    }
    throw new AssertionError("not up: " + log());
  }

  private static HttpResponse<String> ask(String base) throws Exception {
    return HttpClient.newHttpClient()
        .send(
            HttpRequest.newBuilder(URI.create(base + "/v1/chat/completions"))
                .header("content-type", "application/json")
                .POST(
                    BodyPublishers.ofString(
                        "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"Hello\"}]}"))
                .build(),
            BodyHandlers.ofString());
  }
}
