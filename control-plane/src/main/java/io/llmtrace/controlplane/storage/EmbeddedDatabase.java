package io.llmtrace.controlplane.storage;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A PostgreSQL of our own over a directory that outlives the process. It listens on loopback, where
 * every user of the machine is, and so asks for a password. Not thread-safe.
 */
public final class EmbeddedDatabase implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(EmbeddedDatabase.class);
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final EmbeddedPostgres postgres;
  private final ProcessHandle process;
  private final String password;

  private EmbeddedDatabase(EmbeddedPostgres postgres, ProcessHandle process, String password) {
    this.postgres = postgres;
    this.password = password;
    this.process = process;
  }

  public static EmbeddedDatabase start(Path directory) throws IOException, InterruptedException {
    Path data = directory.toAbsolutePath().normalize();
    Files.createDirectories(data);
    stopOrphan(data);
    EmbeddedAccess access = new EmbeddedAccess(data);
    EmbeddedPostgres postgres =
        EmbeddedPostgres.builder()
            .setDataDirectory(data)
            .setOverrideWorkingDirectory(EmbeddedBinaries.folder(data).toFile())
            .setCleanDataDirectory(false)
            .setRegisterShutdownHook(false)
            .setPGStartupWait(Duration.ofSeconds(60))
            .setServerConfig("fsync", "on")
            .setServerConfig("synchronous_commit", "on")
            .setServerConfig("full_page_writes", "on")
            .setServerConfig("max_connections", "100")
            .setConnectConfig("password", access.known())
            .start();
    try {
      String password = access.close(postgres.getJdbcUrl("postgres", "postgres"));
      String pid = Files.readAllLines(data.resolve("postmaster.pid")).get(0).strip();
      return new EmbeddedDatabase(
          postgres,
          ProcessHandle.of(Long.parseLong(pid))
              .orElseThrow(() -> new IOException("PostgreSQL " + pid + " ended at once")),
          password);
    } catch (IOException | RuntimeException e) {
      postgres.close();
      throw e;
    }
  }

  /** Whether the server's process is there; one that was killed does not come back by itself. */
  boolean alive() {
    return process.isAlive();
  }

  /**
   * Where the server is that runs on a directory, with user and password: not to be shown.
   *
   * @throws java.nio.file.NoSuchFileException when none runs there
   */
  public static String addressOf(Path directory) throws IOException {
    return "jdbc:postgresql://127.0.0.1:"
        + Files.readAllLines(directory.resolve("postmaster.pid")).get(3).strip()
        + "/postgres?user=postgres&password="
        + new EmbeddedAccess(directory).known();
  }

  /** Where it is, with user and password: not to be shown. */
  public String url() {
    return postgres.getJdbcUrl("postgres", "postgres") + "&password=" + password;
  }

  /**
   * A JVM that was killed leaves its server running on the directory, and a second one would be
   * refused. The lock file names the process; it is stopped only if it truly is a PostgreSQL on
   * this directory, because process ids are reused.
   */
  static void stopOrphan(Path data) throws IOException, InterruptedException {
    Path lock = data.resolve("postmaster.pid");
    if (!Files.exists(lock)) {
      return;
    }
    List<String> lines = Files.readAllLines(lock);
    if (!lines.isEmpty() && lines.get(0).strip().matches("\\d{1,18}")) {
      Optional<ProcessHandle> owner = ProcessHandle.of(Long.parseLong(lines.get(0).strip()));
      if (owner.isPresent() && isPostgresOn(owner.get(), data, lines)) {
        log.warn("Stopping PostgreSQL {} that an earlier process left behind", owner.get().pid());
        stop(owner.get());
      }
    }
    Files.deleteIfExists(lock);
  }

  /*
   * SIGINT is PostgreSQL's fast shutdown. SIGTERM would wait for every client that is still
   * connected, and SIGKILL would leave its backends behind with the shared memory.
   */
  private static void stop(ProcessHandle postgres) throws IOException, InterruptedException {
    for (String signal : List.of("INT", "QUIT")) {
      Process kill =
          new ProcessBuilder("/bin/sh", "-c", "kill -" + signal + " " + postgres.pid()).start();
      kill.waitFor();
      if (ended(postgres)) {
        return;
      }
    }
    throw new IOException("PostgreSQL " + postgres.pid() + " does not stop");
  }

  private static boolean isPostgresOn(ProcessHandle process, Path data, List<String> lines)
      throws IOException {
    boolean postgres =
        process
            .info()
            .command()
            .map(command -> Path.of(command).endsWith("postgres"))
            .orElse(false);
    if (!postgres) {
      return false;
    }
    Path workingDirectory = Path.of("/proc", Long.toString(process.pid()), "cwd");
    // The server works in its data directory; where there is no /proc, its own lock file says it.
    Path named =
        Files.exists(workingDirectory)
            ? workingDirectory.toRealPath()
            : Path.of(lines.size() > 1 ? lines.get(1).strip() : "");
    return Files.exists(named) && Files.isSameFile(named, data);
  }

  private static boolean ended(ProcessHandle process) throws IOException, InterruptedException {
    try {
      process.onExit().get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
      return true;
    } catch (TimeoutException e) {
      log.warn("PostgreSQL {} did not stop within {}", process.pid(), PATIENCE);
      return false;
    } catch (ExecutionException e) {
      throw new IOException("Cannot wait for PostgreSQL " + process.pid(), e);
    }
  }

  @Override
  public void close() throws IOException {
    postgres.close();
  }
}
