package io.llmtrace.plugin;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The stock APISIX Java Plugin Runner, as its users start it, with our jar beside it. */
final class StockRunner implements AutoCloseable {
  private static final Pattern PORT = Pattern.compile("the tap listens on port (\\d+)");
  private static final long START_SECONDS = 90;

  private final Process process;
  private final Path socket;
  private final Path log;

  private StockRunner(Process process, Path socket, Path log) {
    this.process = process;
    this.socket = socket;
    this.log = log;
  }

  /**
   * Starts it and waits for its socket.
   *
   * @param folder short path of an empty directory
   * @param config our configuration file, or null to name none
   */
  static StockRunner start(Path folder, @Nullable Path config) throws Exception {
    Path jar = Path.of(System.getProperty("llmtrace.runner.jar"));
    Path filter = Path.of(System.getProperty("llmtrace.filter.jar"));
    Path socket = folder.resolve("r.sock");
    Path log = folder.resolve("runner.log");
    ProcessBuilder builder =
        new ProcessBuilder(
                List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-Xmx256m",
                    "-XX:TieredStopAtLevel=1",
                    "-Dloader.path=" + filter,
                    "-jar",
                    jar.toString()))
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile());
    builder.environment().put("APISIX_LISTEN_ADDRESS", "unix:" + socket);
    builder.environment().put("APISIX_CONF_EXPIRE_TIME", "3600");
    builder.environment().remove("LLMTRACE_CONFIG");
    if (config != null) {
      builder.environment().put("LLMTRACE_CONFIG", config.toString());
    }
    StockRunner runner = new StockRunner(builder.start(), socket, log);
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(START_SECONDS);
    while (!Files.exists(socket)) {
      if (!runner.process.isAlive() || System.nanoTime() > end) {
        String said = runner.log();
        runner.close();
        throw new IOException("the runner did not start:\n" + said);
      }
      TimeUnit.MILLISECONDS.sleep(50);
    }
    return runner;
  }

  Path socket() {
    return socket;
  }

  String log() throws IOException {
    return Files.readString(log, StandardCharsets.UTF_8);
  }

  /** The port of {@code /health} and the tap, as the log names it. */
  int localPort() throws IOException {
    Matcher found = PORT.matcher(log());
    if (!found.find()) {
      throw new IOException("no port in the log:\n" + log());
    }
    return Integer.parseInt(found.group(1));
  }

  /** SIGTERM, as the gateway ends its runner. */
  boolean terminate() throws InterruptedException {
    process.destroy();
    return process.waitFor(15, TimeUnit.SECONDS);
  }

  @Override
  public void close() {
    process.destroyForcibly().onExit().join();
  }
}
