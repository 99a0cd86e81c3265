package io.llmtrace.cli.bench.controlplane;

import com.codahale.metrics.MetricRegistry;
import io.llmtrace.cli.stack.ChildProcess;
import io.llmtrace.cli.stack.DatabaseSection;
import io.llmtrace.cli.stack.Readiness;
import io.llmtrace.cli.stack.StackPorts;
import io.llmtrace.controlplane.storage.Storage;
import io.llmtrace.runtime.config.ControlPlaneConfig;
import io.llmtrace.runtime.config.DatabaseConfig;
import io.llmtrace.runtime.config.Secret;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * A control plane in a process of its own, with a heap of a given size, on a given database.
 *
 * @param instanceKey of an instance of all tenants
 * @param adminKey of an administrator of all tenants
 */
@SuppressWarnings("try")
public record ControlPlaneUnderTest(
    ChildProcess process, URI address, String instanceKey, String adminKey)
    implements AutoCloseable {
  private static final Duration LONGEST_START = Duration.ofSeconds(90);

  /**
   * Starts one, and waits until it is ready.
   *
   * @param directory of its own; {@code data} in it is its data directory
   */
  public static ControlPlaneUnderTest start(Path directory, String databaseUrl, int heapMib)
      throws IOException, InterruptedException {
    int port = StackPorts.freePort();
    Path config = directory.resolve("llmtrace.yaml");
    Path data = directory.resolve("data");
    Files.writeString(
        config,
        """
        control_plane:
          port: %d
          admin_port: 0
          data_directory: %s
          database: %s
        """
            .formatted(port, data, DatabaseSection.of(databaseUrl)));
    ChildProcess process =
        ChildProcess.start(
            "control plane",
            directory.resolve("control-plane.log"),
            List.of("-Xmx" + heapMib + "m"),
            ChildProcess.LLMTRACE,
            List.of("control-plane", "--config", config.toString()));
    try {
      URI address = URI.create("http://127.0.0.1:" + port);
      Readiness.await(process, address.resolve("/readyz"), LONGEST_START);
      return new ControlPlaneUnderTest(
          process,
          address,
          Files.readString(data.resolve("initial-instance.key")),
          Files.readString(data.resolve("initial-admin.key")));
    } catch (IOException | InterruptedException e) {
      process.close();
      throw e;
    }
  }

  /** Gives a database the schema, as a control plane does that starts on it. */
  static void migrate(String url, Path data) throws Exception {
    CountDownLatch ready = new CountDownLatch(1);
    ControlPlaneConfig config =
        ControlPlaneConfig.defaults()
            .withDatabase(new DatabaseConfig(Secret.of(url), null, null, 2))
            .withDataDirectory(data);
    try (Storage storage = new Storage(config, new MetricRegistry(), jdbi -> ready.countDown())) {
      storage.start();
      if (!ready.await(LONGEST_START.toSeconds(), TimeUnit.SECONDS)) {
        throw new IOException("the database has no schema: " + storage.probe().text());
      }
    }
  }

  @Override
  public void close() {
    process.close();
  }
}
