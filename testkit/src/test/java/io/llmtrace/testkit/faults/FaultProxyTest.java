package io.llmtrace.testkit.faults;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;

/** A client asks a server that echoes, through the proxy. */
class FaultProxyTest {
  private static final int PATIENCE_MILLIS = 30_000;
  private static final int SHORT_MILLIS = 150;

  private final Set<Socket> served = ConcurrentHashMap.newKeySet();
  private ServerSocket server;
  private Thread accepting;
  private FaultProxy proxy;

  @BeforeEach
  void start() throws IOException {
    server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    accepting = new Thread(this::accept, "echo");
    accepting.setDaemon(true);
    accepting.start();
    proxy = FaultProxy.before(server.getLocalPort());
  }

  @AfterEach
  void stop() throws IOException {
    proxy.close();
    server.close();
    for (Socket socket : served) {
      socket.close();
    }
  }

  @Test
  void passesBytesBothWaysAndTheEndOfThem() throws IOException {
    try (Socket client = connect()) {
      assertThat(ask(client, "hello")).isEqualTo("hello");
      client.shutdownOutput();
      assertThat(client.getInputStream().read()).isEqualTo(-1);
    }
    assertThat(proxy.accepted()).isEqualTo(1);
    assertThat(proxy.cut()).isZero();
  }

  @Test
  void delaysEachDirection() throws IOException {
    try (Socket client = connect()) {
      assertThat(ask(client, "warm")).isEqualTo("warm");
      proxy.set(new Weather.Delay(Duration.ofMillis(100)));
      long start = System.nanoTime();
      assertThat(ask(client, "late")).isEqualTo("late");
      assertThat(Duration.ofNanos(System.nanoTime() - start)).isGreaterThan(Duration.ofMillis(195));
      assertThat(proxy.met()).as("pieces that were delayed").isEqualTo(2);
      proxy.set(Weather.pass());
      assertThat(ask(client, "again")).isEqualTo("again");
      assertThat(proxy.met()).isZero();
    }
  }

  @Test
  void throttles() throws IOException {
    proxy.set(new Weather.Throttle(1_000));
    try (Socket client = connect()) {
      long start = System.nanoTime();
      assertThat(ask(client, "x".repeat(300))).hasSize(300);
      assertThat(Duration.ofNanos(System.nanoTime() - start)).isGreaterThan(Duration.ofMillis(300));
    }
  }

  @Test
  void anIdleConnectionOutlivesAHang() throws IOException {
    try (Socket idle = connect();
        Socket busy = connect()) {
      assertThat(ask(idle, "one")).isEqualTo("one");
      assertThat(ask(busy, "one")).isEqualTo("one");
      proxy.set(new Weather.Hang());
      busy.setSoTimeout(SHORT_MILLIS);
      assertThatThrownBy(() -> ask(busy, "two")).isInstanceOf(SocketTimeoutException.class);
      proxy.set(Weather.pass());
      assertThat(ask(idle, "two")).isEqualTo("two");
      busy.setSoTimeout(PATIENCE_MILLIS);
      assertThatThrownBy(() -> ask(busy, "three"))
          .as("it waited in vain")
          .isInstanceOf(SocketException.class);
    }
    assertThat(proxy.cut()).isEqualTo(1);
  }

  /** Many times: who wakes at the end of a hang races with the cut, and must not get through. */
  @RepeatedTest(200)
  void aConnectionThatWasOpenedInAHangIsCutAtItsEnd() throws IOException {
    proxy.set(new Weather.Hang());
    try (Socket client = connect()) {
      // Connected is what the kernel did; the proxy takes it a moment later.
      for (long end = System.nanoTime() + 30_000_000_000L; proxy.met() == 0; ) {
        assertThat(System.nanoTime()).isLessThan(end);
        Thread.onSpinWait();
      }
      proxy.set(Weather.pass());
      assertThatThrownBy(() -> client.getInputStream().read()).isInstanceOf(SocketException.class);
    }
    assertThat(served).isEmpty();
  }

  @Test
  void resetsWhatIsOpenAndWhatIsOpened() throws IOException {
    try (Socket client = connect()) {
      assertThat(ask(client, "hello")).isEqualTo("hello");
      proxy.set(new Weather.Reset());
      assertThatThrownBy(() -> client.getInputStream().read()).isInstanceOf(SocketException.class);
      // It may be told while it connects already.
      assertThatThrownBy(
              () -> {
                try (Socket second = connect()) {
                  second.getInputStream().read();
                }
              })
          .isInstanceOf(SocketException.class);
    }
    proxy.set(Weather.pass());
    try (Socket client = connect()) {
      assertThat(ask(client, "back")).isEqualTo("back");
    }
  }

  @Test
  void refusesOnThePortThatItKeeps() throws IOException {
    int port = proxy.port();
    try (Socket client = connect()) {
      assertThat(ask(client, "hello")).isEqualTo("hello");
      proxy.set(new Weather.Refuse());
      assertThatThrownBy(() -> client.getInputStream().read()).isInstanceOf(SocketException.class);
    }
    assertThatThrownBy(this::connect).isInstanceOf(ConnectException.class);
    assertThatThrownBy(
            () -> {
              try (ServerSocket other = new ServerSocket()) {
                other.setReuseAddress(false);
                other.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
              }
            })
        .as("nobody else gets the port meanwhile")
        .isInstanceOf(IOException.class);
    proxy.set(Weather.pass());
    assertThat(proxy.port()).isEqualTo(port);
    try (Socket client = connect()) {
      assertThat(ask(client, "back")).isEqualTo("back");
    }
  }

  @Test
  void answersInTheServersPlace() throws IOException {
    try (Socket old = connect()) {
      assertThat(ask(old, "hello")).isEqualTo("hello");
      proxy.set(Weather.Answer.http("500 Internal Server Error", "text/plain", "no"));
      for (Socket client : new Socket[] {old, connect()}) {
        client.getOutputStream().write("GET / HTTP/1.1\r\n\r\n".getBytes(UTF_8));
        String answer = new String(client.getInputStream().readAllBytes(), UTF_8);
        assertThat(answer)
            .startsWith("HTTP/1.1 500 Internal Server Error\r\n")
            .contains("content-length: 2\r\n")
            .endsWith("\r\n\r\nno");
        client.close();
      }
    }
    proxy.set(Weather.pass());
    try (Socket client = connect()) {
      assertThat(ask(client, "back")).isEqualTo("back");
    }
  }

  @Test
  void cutsAnAnswerInTheMiddle() throws IOException {
    try (Socket client = connect()) {
      assertThat(ask(client, "before")).isEqualTo("before");
      proxy.set(new Weather.Cut(4));
      client.getOutputStream().write("0123456789".getBytes(UTF_8));
      InputStream in = client.getInputStream();
      StringBuilder got = new StringBuilder();
      assertThatThrownBy(
              () -> {
                for (int c = in.read(); c >= 0; c = in.read()) {
                  got.append((char) c);
                }
              })
          .isInstanceOf(SocketException.class);
      // What was sent and not read goes with a reset.
      assertThat("0123").startsWith(got.toString());
    }
  }

  @Test
  void aServerThatIsNotThereLooksLikeOneThatHungUp() throws Exception {
    server.close();
    // Until the thread has left accept(), the kernel goes on taking connections.
    accepting.join(20_000);
    assertThatThrownBy(
            () -> {
              try (Socket client = connect()) {
                ask(client, "hello");
              }
            })
        .isInstanceOf(IOException.class);
  }

  @Test
  void refusesNonsense() {
    assertThatThrownBy(() -> new Weather.Delay(Duration.ZERO))
        .hasMessageContaining("positive delay");
    assertThatThrownBy(() -> new Weather.Throttle(0)).hasMessageContaining("1 byte");
    assertThatThrownBy(() -> new Weather.Cut(-1)).hasMessageContaining("negative");
  }

  private Socket connect() throws IOException {
    Socket client = new Socket();
    client.connect(
        new InetSocketAddress(InetAddress.getLoopbackAddress(), proxy.port()), PATIENCE_MILLIS);
    client.setSoTimeout(PATIENCE_MILLIS);
    return client;
  }

  private static String ask(Socket client, String text) throws IOException {
    client.getOutputStream().write(text.getBytes(UTF_8));
    byte[] echoed = client.getInputStream().readNBytes(text.length());
    if (echoed.length < text.length()) {
      throw new SocketException("closed after " + echoed.length + " bytes");
    }
    return new String(echoed, UTF_8);
  }

  private void accept() {
    while (!server.isClosed()) {
      try {
        Socket client = server.accept();
        served.add(client);
        Thread echo = new Thread(() -> echo(client), "echo-connection");
        echo.setDaemon(true);
        echo.start();
      } catch (IOException e) {
        assertThat(server.isClosed()).as("accepting: %s", e).isTrue();
      }
    }
  }

  private void echo(Socket client) {
    try (client) {
      client.getInputStream().transferTo(client.getOutputStream());
    } catch (IOException e) {
      // The proxy reset it, which is what some tests are about, or the test is over.
      served.remove(client);
    }
  }
}
