package io.llmtrace.cli.stack;

import io.llmtrace.runtime.files.PrivateFiles;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.List;

/**
 * The files of one stack: one configuration for both processes, the gateway's routes, keys, data
 * and logs.
 *
 * @param directory all but the socket lie below it
 * @param socket where the gateway meets the plugin
 */
public record StackFiles(Path directory, Path socket) {
  /** Bytes of a path that every platform's Unix sockets take, less what the plugin puts behind. */
  private static final int LONGEST_SOCKET = 80;

  private static final int SECRET_BYTES = 32;

  /**
   * Files in a directory, which is made for the owner alone when the first is written. The socket
   * moves to a temporary directory where its path would be too long for one.
   */
  public static StackFiles in(Path directory) throws IOException {
    Path absolute = directory.toAbsolutePath().normalize();
    Path socket = absolute.resolve("runner.sock");
    if (socket.toString().getBytes(StandardCharsets.UTF_8).length > LONGEST_SOCKET) {
      socket = Files.createTempDirectory("llmtrace").resolve("runner.sock");
    }
    return new StackFiles(absolute, socket);
  }

  /** The configuration of both processes. */
  public Path config() {
    return directory.resolve("llmtrace.yaml");
  }

  public Path routes() {
    return directory.resolve("apisix.yaml");
  }

  /** The key of the REST API, once the control plane has written it. */
  public Path adminKey() {
    return directory.resolve("control-plane/initial-admin.key");
  }

  public Path instanceKey() {
    return directory.resolve("control-plane/initial-instance.key");
  }

  /** The key that policies are signed with, once the control plane has written it. */
  public Path policyKey() {
    return directory.resolve("control-plane/policy-signing.pub");
  }

  /** What a process wrote. */
  public Path log(String process) {
    return directory.resolve(process + ".log");
  }

  private Path tapSecretFile() {
    return directory.resolve("tap.secret");
  }

  /** The secret between gateway and tap; made once. */
  public String tapSecret() throws IOException {
    byte[] random = new byte[SECRET_BYTES];
    new SecureRandom().nextBytes(random);
    byte[] fresh = HexFormat.of().formatHex(random).getBytes(StandardCharsets.US_ASCII);
    return new String(PrivateFiles.createOrRead(tapSecretFile(), fresh), StandardCharsets.US_ASCII);
  }

  /**
   * Writes the configuration of both processes: the given one, and over it what makes them one
   * stack. An API key that it names stays, as that of a database with keys of its own must.
   *
   * @param settings YAML as in llmtrace.example.yaml; may be empty
   * @throws IOException when a file cannot be written
   */
  public void writeConfig(String settings, StackPorts ports) throws IOException {
    writeConfig(settings, ports, URI.create("http://127.0.0.1:" + ports.controlPlane()));
  }

  /**
   * The same, with something between the two processes.
   *
   * @param controlPlane where the plugin finds the control plane
   * @throws IOException when a file cannot be written
   */
  public void writeConfig(String settings, StackPorts ports, URI controlPlane) throws IOException {
    tapSecret();
    ConfigOverlay config = ConfigOverlay.of(settings);
    config.set("control_plane", "port", ports.controlPlane());
    config.set("control_plane", "admin_port", ports.admin());
    config.set("control_plane", "data_directory", directory.resolve("control-plane").toString());
    config.set("plugin", "socket", socket.toString());
    config.set("plugin", "data_directory", directory.resolve("plugin").toString());
    config.set("plugin", "control_plane_url", controlPlane.toString());
    config.set("plugin", "bind", "127.0.0.1");
    config.set("plugin", "port", ports.plugin());
    config.set("plugin", "tap_secret", "file:" + tapSecretFile());
    if (!config.has("plugin", "api_key")) {
      config.set("plugin", "api_key", "file:" + instanceKey());
    }
    if (!config.has("plugin", "policies")) {
      config.set("plugin", "policies", "public_keys", List.of(policyKey().toString()));
    }
    PrivateFiles.write(config(), config.text());
  }

  /** Writes the gateway's routes, which have the tap's secret in them. */
  public void writeRoutes(GatewayRoute route, StackPorts ports) throws IOException {
    PrivateFiles.write(routes(), "routes:\n" + route.yaml(ports.plugin(), tapSecret()) + "#END\n");
  }
}
