package io.llmtrace.cli.stack;

import io.llmtrace.runtime.config.ControlPlaneConfig;
import io.llmtrace.runtime.config.PluginConfig;
import io.llmtrace.testkit.ports.FreePort;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.ServerSocket;

/**
 * Where the two processes listen. Fixed before they start, because the gateway's http-logger and
 * the plugin are told them.
 *
 * @param controlPlane REST, health and metrics
 * @param admin the control plane's administration
 * @param plugin the plugin's health, metrics and tap
 */
public record StackPorts(int controlPlane, int admin, int plugin) {
  /** Three that are free now. */
  public static StackPorts free() throws IOException {
    return new StackPorts(freePort(), freePort(), freePort());
  }

  /** Those that a configuration has by default, and where one of them is taken a free one. */
  public static StackPorts standard() throws IOException {
    ControlPlaneConfig controlPlane = ControlPlaneConfig.defaults();
    return new StackPorts(
        unlessTaken(controlPlane.port()),
        unlessTaken(controlPlane.adminPort()),
        unlessTaken(PluginConfig.defaults(System.getenv()).port()));
  }

  private static int unlessTaken(int port) throws IOException {
    try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    } catch (BindException e) {
      // Not an error: whoever starts a stack is told where it listens.
      return freePort();
    }
  }

  /** One that is free now, and that nobody is given by chance before it is used. */
  public static int freePort() throws IOException {
    return FreePort.next();
  }
}
