package io.llmtrace.controlplane.siem;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.llmtrace.controlplane.outbound.AddressGuard;
import io.llmtrace.controlplane.outbound.TransportSettings;
import io.llmtrace.policies.detect.Severity;
import io.llmtrace.runtime.config.SiemConfig;
import io.llmtrace.testkit.tls.TestAuthority;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@SuppressWarnings("try")
class SinksTest {
  private static final List<Event> EVENTS =
      List.of(
          new Event(1_772_409_599_123L, "prompt_injection", Severity.HIGH, "{\"n\":1}"),
          new Event(1_772_409_600_000L, "secret", Severity.INFO, "{\"n\":\"\\u00fc\"}"));

  @TempDir Path directory;

  /** A syslog server that counts octets, and says nothing. */
  @SuppressWarnings("try")
  private static final class Server implements AutoCloseable {
    private final SSLServerSocket socket;
    private final Thread thread;
    private final List<String> messages = new CopyOnWriteArrayList<>();

    Server(SSLContext tls) throws IOException {
      socket =
          (SSLServerSocket)
              tls.getServerSocketFactory()
                  .createServerSocket(0, 10, InetAddress.getLoopbackAddress());
      thread = new Thread(this::serve, "test-syslog");
      thread.setDaemon(true);
      thread.start();
    }

    private void serve() {
      while (!socket.isClosed()) {
        try (Socket one = socket.accept()) {
          InputStream in = one.getInputStream();
          for (String length = length(in); !length.isEmpty(); length = length(in)) {
            messages.add(new String(in.readNBytes(Integer.parseInt(length)), US_ASCII));
          }
        } catch (IOException e) {
          // A client that does not trust us, or the end of the test; the next one may.
        }
      }
    }

    private static String length(InputStream in) throws IOException {
      StringBuilder digits = new StringBuilder();
      for (int c = in.read(); c >= 0 && c != ' '; c = in.read()) {
        digits.append((char) c);
      }
      return digits.toString();
    }

    /** Until its thread has left accept(), the kernel goes on taking connections. */
    @Override
    public void close() throws IOException {
      socket.close();
      try {
        thread.join(20_000);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private static final String HOST = "syslog.example";

  private static final ScheduledExecutorService DEADLINES =
      Executors.newSingleThreadScheduledExecutor(
          task -> {
            Thread thread = new Thread(task, "test-deadlines");
            thread.setDaemon(true);
            return thread;
          });

  private static SyslogSink syslog(Server server, String host, SSLContext trust) {
    AddressGuard guard =
        new AddressGuard(
            new TransportSettings(Set.of(HOST), "siem.allow_private_targets"),
            name -> new InetAddress[] {InetAddress.getLoopbackAddress()});
    return new SyslogSink(
        new SiemConfig.Syslog(host, server.socket.getLocalPort(), null),
        guard,
        trust,
        "gw 1",
        DEADLINES,
        30_000);
  }

  /** A server that reads everything and never says that it has: nobody knows what it keeps. */
  @Test
  void whatWasNotReadToItsEndIsSentAgain() throws Exception {
    TestAuthority authority = new TestAuthority(directory);
    SSLContext tls = authority.context(HOST);
    SSLServerSocket mute =
        (SSLServerSocket)
            tls.getServerSocketFactory().createServerSocket(0, 1, InetAddress.getLoopbackAddress());
    try (mute) {
      Thread thread =
          new Thread(
              () -> {
                try (Socket one = mute.accept()) {
                  while (one.getInputStream().read() >= 0) {
                    // Read, and kept open.
                  }
                  Thread.sleep(60_000);
                } catch (IOException e) {
                  // The sink gave up.
                } catch (InterruptedException e) {
                  Thread.currentThread().interrupt();
                }
              },
              "test-mute");
      thread.setDaemon(true);
      thread.start();
      AddressGuard guard =
          new AddressGuard(
              new TransportSettings(Set.of(HOST), "siem.allow_private_targets"),
              name -> new InetAddress[] {InetAddress.getLoopbackAddress()});
      SyslogSink sink =
          new SyslogSink(
              new SiemConfig.Syslog(HOST, mute.getLocalPort(), null),
              guard,
              Trust.of(authority.certificate()),
              "gw",
              DEADLINES,
              2_000);
      assertThatThrownBy(() -> sink.send(EVENTS))
          .isInstanceOf(Sink.FailedException.class)
          .hasMessageContaining("did not end the connection");
      thread.interrupt();
    }
  }

  @Test
  void syslogIsOfRfc5424OverTlsWithCountedOctets() throws Exception {
    TestAuthority authority = new TestAuthority(directory);
    SSLContext tls = authority.context(HOST);
    try (Server server = new Server(tls)) {
      SyslogSink sink = syslog(server, HOST, Trust.of(authority.certificate()));
      sink.send(EVENTS);
      assertThat(server.messages)
          .containsExactly(
              "<107>1 2026-03-01T23:59:59.123Z gw_1 llmtrace - prompt_injection - {\"n\":1}",
              "<110>1 2026-03-02T00:00:00.000Z gw_1 llmtrace - secret - {\"n\":\"\\u00fc\"}");
      assertThatThrownBy(() -> syslog(server, HOST, SSLContext.getDefault()).send(EVENTS))
          .isInstanceOf(Sink.FailedException.class)
          .hasMessageContaining("TLS failed");
      assertThatThrownBy(() -> syslog(server, "other.example", tls).send(EVENTS))
          .hasMessageContaining("siem.allow_private_targets may allow that host");
      assertThat(server.messages).as("nothing was said to whom nobody trusts").hasSize(2);
    }
    try (Server gone = new Server(tls)) {
      SyslogSink sink = syslog(gone, HOST, tls);
      gone.close();
      assertThatThrownBy(() -> sink.send(EVENTS)).isInstanceOf(Sink.FailedException.class);
    }
  }

  @Test
  void aLineThatWasCutOffIsWrittenAgainAsAWhole() throws Exception {
    Path file = directory.resolve("f.ndjson");
    Files.writeString(file, "{\"n\":0}\n{\"n\":");
    FileSink sink = new FileSink(new SiemConfig.File(file, 1 << 20, 2));
    sink.send(EVENTS);
    assertThat(Files.readAllLines(file))
        .containsExactly("{\"n\":0}", "{\"n\":1}", "{\"n\":\"\\u00fc\"}");
    FileSink nowhere = new FileSink(new SiemConfig.File(file.resolve("under-a-file"), 1 << 20, 2));
    assertThatThrownBy(() -> nowhere.send(EVENTS))
        .isInstanceOf(Sink.FailedException.class)
        .hasMessageContaining("the file cannot be written");
  }

  @Test
  void aFileOfNoCertificatesIsRefusedWithItsKey() throws Exception {
    Path file = Files.writeString(directory.resolve("ca.pem"), "");
    assertThatThrownBy(() -> Trust.of(file))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("control_plane.siem.syslog.ca: expected certificates in PEM");
    assertThatThrownBy(() -> Trust.of(directory.resolve("none.pem")))
        .hasMessageContaining("control_plane.siem.syslog.ca: expected a file");
  }
}
