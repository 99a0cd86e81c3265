package io.llmtrace.cli.grafana;

import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** A program of Prometheus' that is on the path and listens on loopback. For one thread. */
final class Program implements AutoCloseable {
  private static final Duration START = Duration.ofSeconds(60);
  private static final HttpClient HTTP = HttpClient.newHttpClient();

  private final String name;
  private final Process process;
  private final int port;
  private final Path log;

  private Program(String name, Process process, int port, Path log) {
    this.name = name;
    this.process = process;
    this.port = port;
    this.log = log;
  }

  /** Where a program is, if it is on the path. */
  static Optional<Path> find(String name) {
    for (String directory :
        System.getenv().getOrDefault("PATH", "").split(File.pathSeparator, -1)) {
      Path program = Path.of(directory.isEmpty() ? "." : directory, name);
      if (Files.isExecutable(program)) {
        return Optional.of(program);
      }
    }
    return Optional.empty();
  }

  /** Starts Prometheus, and waits until it is ready. */
  static Program prometheus(Path directory, Path config, int port)
      throws IOException, InterruptedException {
    return start(
        "prometheus",
        directory,
        port,
        List.of(
            "--config.file=" + config,
            "--storage.tsdb.path=" + directory.resolve("tsdb"),
            "--web.listen-address=127.0.0.1:" + port));
  }

  /** Starts an Alertmanager without peers, and waits until it is ready. */
  static Program alertmanager(Path directory, Path config, int port)
      throws IOException, InterruptedException {
    return start(
        "prometheus-alertmanager",
        directory,
        port,
        List.of(
            "--config.file=" + config,
            "--storage.path=" + directory.resolve("alertmanager"),
            "--cluster.listen-address=",
            "--web.listen-address=127.0.0.1:" + port));
  }

  private static Program start(String name, Path directory, int port, List<String> arguments)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(find(name).orElseThrow().toString());
    command.addAll(arguments);
    Path log = directory.resolve(name + ".log");
    Process process =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
    Program program = new Program(name, process, port, log);
    try {
      program.awaitReady();
      return program;
    } catch (IOException | InterruptedException | RuntimeException e) {
      program.close();
      throw e;
    }
  }

  /** Runs a program to its end and returns what it wrote; its status must be 0. */
  static String run(Path directory, String name, String... arguments)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of(find(name).orElseThrow().toString()));
    command.addAll(List.of(arguments));
    Path out = directory.resolve(name + ".out");
    Process process =
        new ProcessBuilder(command)
            .directory(directory.toFile())
            .redirectErrorStream(true)
            .redirectOutput(out.toFile())
            .start();
    if (!process.waitFor(START.toSeconds(), TimeUnit.SECONDS)) {
      process.destroyForcibly();
      throw new IOException(name + " did not end");
    }
    String text = Files.readString(out);
    if (process.exitValue() != 0) {
      throw new IOException(name + " ended with " + process.exitValue() + ": " + text);
    }
    return text;
  }

  private void awaitReady() throws IOException, InterruptedException {
    long end = System.nanoTime() + START.toNanos();
    while (System.nanoTime() < end) {
      if (!process.isAlive()) {
        throw new IOException(name + " ended: " + Files.readString(log));
      }
      try {
        if (get("/-/ready").statusCode() == 200) {
          return;
        }
      } catch (IOException e) {
        // Not bound yet; what it wrote is told if it never is.
      }
      Thread.sleep(50);
    }
    throw new IOException(name + " was not ready: " + Files.readString(log));
  }

  String address() {
    return "127.0.0.1:" + port;
  }

  HttpResponse<String> get(String path) throws IOException, InterruptedException {
    return HTTP.send(
        HttpRequest.newBuilder(URI.create("http://" + address() + path))
            .timeout(Duration.ofSeconds(20))
            .build(),
        HttpResponse.BodyHandlers.ofString());
  }

  static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }

  @Override
  public void close() {
    process.destroy();
    try {
      if (!process.waitFor(10, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }
}
