package io.llmtrace.cli.stack;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.slf4j.LoggerFactory;

/**
 * A second JVM on the class path of this one. Closing it stops it; so does the end of this process,
 * so that an interrupted command leaves nothing behind. {@link #alive}, {@link #ended} and {@link
 * #close} are thread-safe.
 */
public final class ChildProcess implements AutoCloseable {
  /**
   * Main class of the command line. A name, since it knows all commands, and some of them start
   * processes.
   */
  public static final String LLMTRACE = "io.llmtrace.cli.Main";

  private static final Duration STOP_TIME = Duration.ofSeconds(20);
  private static final int TAIL_LINES = 20;

  private final String name;
  private final Path log;
  private final Process process;
  private final Thread lastResort;

  private ChildProcess(String name, Path log, Process process) {
    this.name = name;
    this.log = log;
    this.process = process;
    this.lastResort = new Thread(process::destroyForcibly, name + "-last-resort");
  }

  /**
   * Starts {@code java -cp <ours> mainClass args…} with both outputs appended to a file.
   *
   * @throws IOException when the JVM cannot be started
   */
  public static ChildProcess start(String name, Path log, String mainClass, List<String> arguments)
      throws IOException {
    return start(name, log, List.of("-Xmx512m"), mainClass, arguments);
  }

  /**
   * As above, with options for the JVM.
   *
   * @throws IOException when the JVM cannot be started
   */
  public static ChildProcess start(
      String name, Path log, List<String> options, String mainClass, List<String> arguments)
      throws IOException {
    return start(name, log, options, Map.of(), mainClass, arguments);
  }

  /**
   * As above, with variables added to this process's environment.
   *
   * @throws IOException when the JVM cannot be started
   */
  public static ChildProcess start(
      String name,
      Path log,
      List<String> options,
      Map<String, String> environment,
      String mainClass,
      List<String> arguments)
      throws IOException {
    return start(
        name,
        log,
        System.getProperty("java.class.path"),
        options,
        environment,
        mainClass,
        arguments);
  }

  /**
   * As above, with the classes of another version.
   *
   * @throws IOException when the JVM cannot be started
   */
  public static ChildProcess start(
      String name,
      Path log,
      String classPath,
      List<String> options,
      Map<String, String> environment,
      String mainClass,
      List<String> arguments)
      throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(options);
    command.add("-cp");
    command.add(classPath);
    command.add(mainClass);
    command.addAll(arguments);
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
    builder.environment().putAll(environment);
    Process process = builder.start();
    ChildProcess child = new ChildProcess(name, log, process);
    Runtime.getRuntime().addShutdownHook(child.lastResort);
    return child;
  }

  public String name() {
    return name;
  }

  public boolean alive() {
    return process.isAlive();
  }

  public long pid() {
    return process.pid();
  }

  /** Completes when the process is gone, for whatever reason. */
  public CompletableFuture<Void> ended() {
    return process.onExit().thenAccept(gone -> {});
  }

  /** How it ended, for a message; only once it is gone. */
  public String ending() {
    return "ended with exit code " + process.exitValue();
  }

  /**
   * Takes away the last resort, which kills it while this JVM ends: the caller has a shutdown hook
   * that closes it in order.
   */
  public void leaveToOwner() {
    forget();
  }

  /** Ends it at once, as {@code kill -9} does, and waits until it is gone. */
  public void kill() throws InterruptedException {
    process.destroyForcibly().waitFor();
    forget();
  }

  /** Asks it to end, and insists after a while. */
  @Override
  public void close() {
    process.destroy();
    try {
      if (!process.waitFor(STOP_TIME.toMillis(), TimeUnit.MILLISECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
    forget();
  }

  /** The last lines that it wrote, for a message about its failure. */
  public String tail() {
    try {
      List<String> lines = Files.readAllLines(log);
      return String.join("\n", lines.subList(Math.max(0, lines.size() - TAIL_LINES), lines.size()));
    } catch (IOException e) {
      return "(the log of " + name + " at " + log + " cannot be read: " + e.getMessage() + ")";
    }
  }

  /** Drops the hook, unless this JVM is ending already: then it ends a process that is gone. */
  private void forget() {
    try {
      Runtime.getRuntime().removeShutdownHook(lastResort);
    } catch (IllegalStateException e) {
      LoggerFactory.getLogger(ChildProcess.class).debug("{} ends with this process", name, e);
    }
  }
}
