package io.llmtrace.cli.bench.gateway;

import io.llmtrace.policies.json.WireJson;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A process that is measured, in a JVM of its own so that neither its memory nor its compiler is
 * shared with the clients. For one thread at a time.
 */
final class Subject implements AutoCloseable {
  /** The filter of the stock runner: found by its package. */
  private static final String FILTER =
      "org/apache/apisix/plugin/runner/filter/ReadsTheBodyFilter.class";

  private static final long START_SECONDS = 60;

  /** What the log of a gateway in front of one of ours must bring. */
  static final String TAP_SECRET = "bench";

  private final String name;
  private final Path socket;
  private final Path log;
  private final Process process;
  private final Thread lastResort;
  private final BufferedWriter in;
  private final @Nullable BufferedReader out;

  /** Port of {@code /metrics}, or 0 where there is none. */
  private int localPort;

  private Subject(String name, Path socket, Path log, Process process, boolean talks) {
    this.name = name;
    this.socket = socket;
    this.log = log;
    this.process = process;
    this.lastResort = new Thread(process::destroyForcibly, name + "-last-resort");
    this.in = process.outputWriter(StandardCharsets.UTF_8);
    this.out = talks ? process.inputReader(StandardCharsets.UTF_8) : null;
    Runtime.getRuntime().addShutdownHook(lastResort);
  }

  /**
   * Starts ours and waits until it serves.
   *
   * @param kind {@code inspect} or {@code noop}
   * @param settings more of the configuration, as YAML
   * @param options of the JVM
   */
  static Subject ours(
      String name, String kind, Path directory, int upstream, String settings, List<String> options)
      throws IOException {
    Path folder = Files.createDirectories(directory.resolve(name));
    Path socket = folder.resolve("r.sock");
    Path config = folder.resolve("llmtrace.yaml");
    Files.writeString(
        config,
        """
        logging: {level: warn}
        plugin:
          node: bench
          socket: '%s'
          data_directory: '%s'
          control_plane_url: http://127.0.0.1:%d
          api_key: bench
          tap_secret: '%s'
          port: 0
        """
                .formatted(socket, folder.resolve("data"), upstream, TAP_SECRET)
            + settings);
    List<String> command = new ArrayList<>(List.of(java()));
    command.addAll(options);
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    command.add(SubjectMain.class.getName());
    command.add(kind);
    command.add(config.toString());
    Path log = folder.resolve("log");
    Process process =
        new ProcessBuilder(command)
            .redirectError(ProcessBuilder.Redirect.appendTo(log.toFile()))
            .start();
    Subject subject = new Subject(name, socket, log, process, true);
    if (kind.equals("inspect")) {
      subject.localPort = Integer.parseInt(subject.line());
    }
    if (!subject.line().equals("ready")) {
      throw new IOException(name + " did not start:\n" + subject.log());
    }
    return subject;
  }

  /**
   * Starts the stock runner with a filter that reads the body, and nothing else.
   *
   * @param jar the runner's executable jar
   */
  static Subject stock(Path jar, Path directory) throws IOException, InterruptedException {
    Path folder = Files.createDirectories(directory.resolve("stock"));
    Path filter = folder.resolve("classes").resolve(FILTER);
    Files.createDirectories(filter.getParent());
    try (var bytes = Subject.class.getClassLoader().getResourceAsStream(FILTER)) {
      if (bytes == null) {
        throw new IOException("the class path lacks " + FILTER);
      }
      Files.copy(bytes, filter);
    }
    Path socket = folder.resolve("r.sock");
    Path log = folder.resolve("log");
    ProcessBuilder builder =
        new ProcessBuilder(
                java(),
                "-Xmx512m",
                "-Dloader.path=" + folder.resolve("classes"),
                "-Dlogging.level.root=WARN",
                "-jar",
                jar.toAbsolutePath().toString())
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile());
    builder.environment().put("APISIX_LISTEN_ADDRESS", "unix:" + socket);
    builder.environment().put("APISIX_CONF_EXPIRE_TIME", "3600");
    Subject subject = new Subject("stock", socket, log, builder.start(), false);
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(START_SECONDS);
    while (!Files.exists(socket)) {
      if (!subject.process.isAlive() || System.nanoTime() - end > 0) {
        subject.close();
        throw new IOException("the stock runner did not start:\n" + subject.log());
      }
      TimeUnit.MILLISECONDS.sleep(50);
    }
    return subject;
  }

  private static String java() {
    return Path.of(System.getProperty("java.home"), "bin", "java").toString();
  }

  String name() {
    return name;
  }

  Path socket() {
    return socket;
  }

  int localPort() {
    return localPort;
  }

  boolean alive() {
    return process.isAlive();
  }

  /** Processor time of the process, nanoseconds; the system keeps it in hundredths of a second. */
  long cpuNanos() {
    return process.info().totalCpuDuration().map(Duration::toNanos).orElse(0L);
  }

  /** What one of ours says of itself. */
  SubjectMain.Stats stats() throws IOException {
    return ask("stats");
  }

  /** The same after a collection of garbage. */
  SubjectMain.Stats collected() throws IOException {
    return ask("gc");
  }

  private SubjectMain.Stats ask(String command) throws IOException {
    in.write(command);
    in.newLine();
    in.flush();
    return WireJson.mapper().readValue(line(), SubjectMain.Stats.class);
  }

  private String line() throws IOException {
    String line = out == null ? null : out.readLine();
    if (line == null) {
      throw new IOException(name + " ended:\n" + log());
    }
    return line;
  }

  /** What it wrote to its log. */
  String log() throws IOException {
    return Files.exists(log) ? Files.readString(log) : "";
  }

  @Override
  public void close() throws IOException {
    in.close();
    try {
      process.destroy();
      if (!process.waitFor(10, TimeUnit.SECONDS)) {
        process.destroyForcibly().waitFor();
      }
      Runtime.getRuntime().removeShutdownHook(lastResort);
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    } catch (IllegalStateException e) {
      throw new IOException("the bench is being stopped", e);
    }
  }
}
