package io.llmtrace.controlplane.alerts.rules;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** Prometheus' own evaluation of rules, where {@code promtool} is on the path. */
final class Promtool {
  record Ran(int status, String output) {}

  private final Path program;

  private Promtool(Path program) {
    this.program = program;
  }

  static Optional<Promtool> find() {
    String path = System.getenv().getOrDefault("PATH", "");
    for (String directory : path.split(File.pathSeparator, -1)) {
      Path program = Path.of(directory.isEmpty() ? "." : directory, "promtool");
      if (Files.isExecutable(program)) {
        return Optional.of(new Promtool(program));
      }
    }
    return Optional.empty();
  }

  Ran run(Path directory, String... arguments) throws IOException, InterruptedException {
    ProcessBuilder builder = new ProcessBuilder();
    builder.command().add(program.toString());
    builder.command().addAll(java.util.List.of(arguments));
    Path log = directory.resolve("promtool.log");
    Process process =
        builder
            .directory(directory.toFile())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    if (!process.waitFor(60, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      throw new IOException("promtool did not end in a minute");
    }
    return new Ran(
        process.exitValue(), new String(Files.readAllBytes(log), StandardCharsets.UTF_8));
  }
}
