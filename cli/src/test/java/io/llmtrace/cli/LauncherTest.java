package io.llmtrace.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What the script {@code llmtrace} shows of a build. */
class LauncherTest {
  /** Each line is read before the next one is written: a reader that waits for more would hang. */
  @Test
  @Timeout(25)
  void partsThatAreBuiltAreShownAtOnceAndErrorsAsTheyAre() throws Exception {
    Path script = Path.of("..", "llmtrace").toRealPath();
    Process shell =
        new ProcessBuilder(
                "bash", "-c", "eval \"$(sed -n '/^progress()/,/^}/p' " + script + ")\"; progress")
            .redirectErrorStream(true)
            .start();
    try (BufferedReader out =
        new BufferedReader(new InputStreamReader(shell.getInputStream(), StandardCharsets.UTF_8))) {
      try (BufferedWriter in =
          new BufferedWriter(
              new OutputStreamWriter(shell.getOutputStream(), StandardCharsets.UTF_8))) {
        in.write("[INFO] Building LLMTrace :: control plane 0.1.0-SNAPSHOT   [5/6]\n");
        in.flush();
        assertThat(out.readLine()).isEqualTo("llmtrace: building control plane ...");
        in.write(
            "\033[0m[INFO] of no interest\n[WARNING] nor this\n  at its.Trace\n[ERROR] no symbol\n");
        in.flush();
        assertThat(out.readLine()).isEqualTo("[ERROR] no symbol");
      }
      assertThat(out.readLine()).isNull();
      assertThat(shell.waitFor(10, TimeUnit.SECONDS)).isTrue();
      assertThat(shell.exitValue()).isZero();
    } finally {
      shell.destroyForcibly();
    }
  }
}
