package io.llmtrace.testkit.ports;

import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Ports of loopback that are free now, and that nobody is given by chance until they are used: they
 * lie below those that kernels choose from for clients and for servers that name none, and no
 * process gets one twice before it has had all. Thread-safe.
 */
public final class FreePort {
  static final int LOWEST = 10_000;

  /** Linux gives out ports from 32768, others from 49152. */
  static final int HIGHEST = 31_999;

  private static final int COUNT = HIGHEST - LOWEST + 1;

  /** Processes begin in different places, so that two that start together do not meet. */
  private static final AtomicInteger NEXT =
      new AtomicInteger(ThreadLocalRandom.current().nextInt(COUNT));

  private FreePort() {}

  /**
   * The next one.
   *
   * @throws IOException when none is free
   */
  public static int next() throws IOException {
    for (int tried = 0; tried < COUNT; tried++) {
      int port = LOWEST + Math.floorMod(NEXT.getAndIncrement(), COUNT);
      if (isFree(port)) {
        return port;
      }
    }
    throw new IOException("no port from " + LOWEST + " to " + HIGHEST + " is free on loopback");
  }

  private static boolean isFree(int port) throws IOException {
    try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
      return socket.isBound();
    } catch (BindException e) {
      // Not an error: somebody listens there, and the next one will do.
      return false;
    }
  }
}
