package io.llmtrace.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class MainTest {
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();
  @TempDir Path directory;

  @Test
  void aRightFileIsFine() throws Exception {
    Path file = Files.writeString(directory.resolve("a.yaml"), "logging: {level: debug}\n");
    assertThat(run("config", "validate", file.toString())).isZero();
    assertThat(out.toString()).isEqualTo(file + ": fine" + System.lineSeparator());
  }

  @Test
  void aWrongFileIsRefusedWithFileLineKeyAndExpectation() throws Exception {
    Path file = Files.writeString(directory.resolve("a.yaml"), "plugin:\n  prot: 1\n");
    assertThat(run("config", "validate", file.toString())).isEqualTo(2);
    assertThat(err.toString()).contains(file + ":2: plugin.prot: unknown key, expected \"port\"?");
  }

  @Test
  void packsAndModelsAreValidatedToo() throws Exception {
    Path pack = Files.writeString(directory.resolve("acme.yaml"), "rules: [{id: A}]\n");
    Path file =
        Files.writeString(directory.resolve("a.yaml"), "detection: {packs: [" + pack + "]}\n");
    assertThat(run("config", "validate", file.toString())).isEqualTo(2);
    assertThat(err.toString()).contains(pack + ":1: A: id must be lower-case letters");
  }

  @Test
  void anAbsentModelIsAWarningAndADamagedOneIsNot() throws Exception {
    String model =
        """
        models:
          - id: mine
            path: %s/mine.onnx
            tokenizer: %s/tokenizer.json
            labels: {1: jailbreak}
            zones: [user]
        """
            .formatted(directory, directory);
    Path file = Files.writeString(directory.resolve("a.yaml"), model);
    assertThat(run("config", "validate", file.toString())).isZero();
    assertThat(err.toString()).contains("warning: model 'mine': there is no file");

    Files.writeString(directory.resolve("mine.onnx"), "noise");
    assertThat(run("config", "validate", file.toString())).isEqualTo(2);
    assertThat(err.toString()).contains("a.yaml: model 'mine': there is no file " + directory);
    assertThat(run("config", "validate", "--role", "CONTROL_PLANE", file.toString())).isZero();
  }

  @Test
  void anUnknownCommandIsAnswered() {
    assertThat(run("teapot")).isEqualTo(2);
    assertThat(err.toString()).contains("teapot");
  }

  private int run(String... args) {
    CommandLine line = Main.commandLine();
    line.setOut(new PrintWriter(out, true));
    line.setErr(new PrintWriter(err, true));
    return line.execute(args);
  }
}
