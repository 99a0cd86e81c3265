package io.llmtrace.cli.stack;

import java.io.IOException;
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

  /** One that is free now. */
  public static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }
}
