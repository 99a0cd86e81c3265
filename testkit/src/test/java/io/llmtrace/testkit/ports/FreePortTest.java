package io.llmtrace.testkit.ports;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class FreePortTest {
  private static final Path CHOSEN_BY_THE_KERNEL =
      Path.of("/proc/sys/net/ipv4/ip_local_port_range");

  @Test
  void nobodyIsGivenTheSameOneSoonAfter() throws IOException {
    List<Integer> ports = new ArrayList<>();
    for (int i = 0; i < 500; i++) {
      ports.add(FreePort.next());
    }
    assertThat(ports)
        .doesNotHaveDuplicates()
        .allSatisfy(port -> assertThat(port).isBetween(FreePort.LOWEST, FreePort.HIGHEST));
  }

  @Test
  void whereSomebodyListensIsLeftOut() throws IOException {
    List<ServerSocket> taken = new ArrayList<>();
    try {
      for (int i = 0; i < 3; i++) {
        taken.add(new ServerSocket(FreePort.next(), 1, InetAddress.getLoopbackAddress()));
      }
      List<Integer> ports = new ArrayList<>();
      // All of them once, and so those that are taken.
      for (int i = 0; i <= FreePort.HIGHEST - FreePort.LOWEST; i++) {
        ports.add(FreePort.next());
      }
      assertThat(ports).doesNotContainAnyElementsOf(portsOf(taken));
    } finally {
      for (ServerSocket each : taken) {
        each.close();
      }
    }
  }

  private static List<Integer> portsOf(List<ServerSocket> sockets) {
    return sockets.stream().map(ServerSocket::getLocalPort).toList();
  }

  @Test
  void noneIsOfThoseThatTheKernelGivesOut() throws IOException {
    assumeTrue(Files.isReadable(CHOSEN_BY_THE_KERNEL), "only Linux says which it gives out");
    String range = Files.readString(CHOSEN_BY_THE_KERNEL).strip();
    int first = Integer.parseInt(range.split("\\s+", -1)[0]);
    assumeTrue(first > FreePort.HIGHEST, "this machine gives out others than usual: " + range);
    for (int i = 0; i < 200; i++) {
      try (ServerSocket given = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
        assertThat(given.getLocalPort()).isGreaterThan(FreePort.HIGHEST);
      }
    }
  }
}
