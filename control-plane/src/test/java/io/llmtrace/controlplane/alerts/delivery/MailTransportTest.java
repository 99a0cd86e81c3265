package io.llmtrace.controlplane.alerts.delivery;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.llmtrace.controlplane.alerts.channels.Mail;
import io.llmtrace.controlplane.outbound.Reply;
import io.llmtrace.controlplane.outbound.TransportSettings;
import io.llmtrace.runtime.config.ChannelConfig;
import io.llmtrace.runtime.config.ChannelConfig.Tls;
import io.llmtrace.runtime.config.Secret;
import io.llmtrace.testkit.tls.TestAuthority;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Set;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MailTransportTest {
  private static final String PASSWORD = "pass-xoxsecret";
  private static final Mail MAIL =
      new Mail(
          "llmtrace@sink.example",
          List.of("ops@sink.example"),
          "Überlauf",
          "Text\n.\nend",
          "<p>HTML</p>",
          Map.of("Message-ID", "<n1@llmtrace.example>"));

  @TempDir static Path directory;
  private static SSLContext tls;

  @BeforeAll
  static void makeCertificate() throws Exception {
    tls = new TestAuthority(directory).context("sink.example");
  }

  /** As much of SMTP as a client of one mail needs. */
  private static final class Server implements AutoCloseable {
    private final ServerSocket server;
    private final @Nullable SSLContext startTls;
    private final boolean silent;
    private final String atData;
    private final List<String> said = new ArrayList<>();

    Server(boolean implicit, @Nullable SSLContext startTls, boolean silent, String atData)
        throws IOException {
      this.server =
          implicit
              ? tls.getServerSocketFactory()
                  .createServerSocket(0, 10, InetAddress.getLoopbackAddress())
              : new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
      this.startTls = startTls;
      this.silent = silent;
      this.atData = atData;
      Thread thread = new Thread(this::run, "smtp");
      thread.setDaemon(true);
      thread.start();
    }

    private void run() {
      while (!server.isClosed()) {
        try (Socket socket = server.accept()) {
          talk(socket);
        } catch (IOException e) {
          // Who came is gone again, or the test is over.
        }
      }
    }

    private void talk(Socket first) throws IOException {
      Socket socket = first;
      if (silent) {
        first.getInputStream().read();
        return;
      }
      BufferedReader in = reader(socket);
      say(socket, "220 sink.example");
      boolean plain = true;
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        note(line);
        if (line.startsWith("EHLO")) {
          say(
              socket,
              startTls != null && plain
                  ? "250-sink.example\r\n250 STARTTLS"
                  : "250-sink.example\r\n250 AUTH PLAIN");
        } else if (line.equals("STARTTLS") && startTls != null) {
          say(socket, "220 go");
          SSLSocket secured =
              (SSLSocket) startTls.getSocketFactory().createSocket(first, null, 0, true);
          secured.setUseClientMode(false);
          secured.startHandshake();
          socket = secured;
          in = reader(socket);
          plain = false;
          note("(secured)");
        } else if (line.startsWith("AUTH")) {
          say(
              socket,
              line.endsWith(
                      Base64.getEncoder().encodeToString(("\0ops\0" + PASSWORD).getBytes(UTF_8)))
                  ? "235 in"
                  : "535 no");
        } else if (line.equals("DATA")) {
          say(socket, "354 go");
          for (String text = in.readLine(); !".".equals(text); text = in.readLine()) {
            note(String.valueOf(text));
          }
          say(socket, atData);
        } else if (line.equals("QUIT")) {
          say(socket, "221 bye");
          return;
        } else {
          say(socket, "250 ok");
        }
      }
    }

    private static BufferedReader reader(Socket socket) throws IOException {
      return new BufferedReader(new InputStreamReader(socket.getInputStream(), UTF_8));
    }

    private static void say(Socket socket, String line) throws IOException {
      socket.getOutputStream().write((line + "\r\n").getBytes(UTF_8));
      socket.getOutputStream().flush();
    }

    private void note(String line) {
      synchronized (said) {
        said.add(line);
      }
    }

    List<String> said() {
      synchronized (said) {
        return List.copyOf(said);
      }
    }

    @Override
    public void close() throws IOException {
      server.close();
    }
  }

  private static Reply send(Server server, String host, Tls how, Set<String> allowed) {
    return send(server, host, how, allowed, 30_000);
  }

  private static Reply send(Server server, String host, Tls how, Set<String> allowed, int millis) {
    try (Transport transport =
        new Transport(
            new TransportSettings(allowed),
            name -> new InetAddress[] {InetAddress.getLoopbackAddress()},
            tls,
            millis)) {
      return transport.carry(
          MAIL,
          new ChannelConfig.Email(
              ChannelConfig.Common.of("mail"),
              host,
              server.server.getLocalPort(),
              how,
              how == Tls.NONE ? null : "ops",
              how == Tls.NONE ? null : Secret.of(PASSWORD),
              "llmtrace@sink.example",
              List.of("ops@sink.example")));
    }
  }

  private static int status(Reply reply) {
    assertThat(reply).isInstanceOf(Reply.Answered.class);
    return ((Reply.Answered) reply).status();
  }

  private static String reason(Reply reply) {
    String reason =
        reply instanceof Reply.Refused refused
            ? refused.reason()
            : ((Reply.Unanswered) reply).reason();
    assertThat(reason).doesNotContain("xoxsecret").doesNotContain("sink.example");
    return reason;
  }

  @Test
  void aMailGoesByStartTlsAndNothingOfItBefore() throws Exception {
    try (Server server = new Server(false, tls, false, "250 queued as 7")) {
      Reply reply = send(server, "sink.example", Tls.STARTTLS, Set.of("sink.example"));
      assertThat(status(reply)).isEqualTo(250);
      List<String> said = server.said();
      int secured = said.indexOf("(secured)");
      assertThat(said.subList(0, secured)).hasSize(2).last().isEqualTo("STARTTLS");
      assertThat(said)
          .contains(
              "MAIL FROM:<llmtrace@sink.example>",
              "RCPT TO:<ops@sink.example>",
              "Message-ID: <n1@llmtrace.example>",
              "Subject: =?UTF-8?Q?=C3=9Cberlauf?=",
              "..");
    }
  }

  @Test
  void aMailGoesByTlsFromTheFirstByte() throws Exception {
    try (Server server = new Server(true, null, false, "250 ok")) {
      assertThat(status(send(server, "sink.example", Tls.TLS, Set.of("sink.example"))))
          .isEqualTo(250);
      assertThat(reason(send(server, "other.example", Tls.TLS, Set.of("other.example"))))
          .isEqualTo("TLS failed");
    }
  }

  @Test
  void aServerWithoutStartTlsOrOfAnotherNameGetsNeitherPasswordNorMail() throws Exception {
    try (Server server = new Server(false, null, false, "250 ok")) {
      assertThat(reason(send(server, "sink.example", Tls.STARTTLS, Set.of("sink.example"))))
          .isEqualTo("the server does not offer STARTTLS");
      assertThat(server.said()).noneMatch(line -> line.matches("(AUTH|MAIL|DATA).*"));
    }
    try (Server server = new Server(false, tls, false, "250 ok")) {
      assertThat(reason(send(server, "other.example", Tls.STARTTLS, Set.of("other.example"))))
          .isEqualTo("TLS failed");
      assertThat(server.said()).noneMatch(line -> line.matches("(AUTH|MAIL|DATA).*"));
    }
  }

  @Test
  void whatTheServerSaysIsForTheChannelToJudge() throws Exception {
    try (Server server = new Server(false, null, false, "451 later")) {
      assertThat(status(send(server, "sink.example", Tls.NONE, Set.of("sink.example"))))
          .isEqualTo(451);
    }
    try (Server server = new Server(false, null, false, "554 spam")) {
      assertThat(status(send(server, "sink.example", Tls.NONE, Set.of("sink.example"))))
          .isEqualTo(554);
    }
  }

  @Test
  void privateServersAndPlainOnesAreForAllowedHosts() throws Exception {
    try (Server server = new Server(false, tls, false, "250 ok")) {
      assertThat(send(server, "sink.example", Tls.STARTTLS, Set.of()))
          .isInstanceOf(Reply.Refused.class);
      assertThat(reason(send(server, "sink.example", Tls.NONE, Set.of())))
          .contains("alerts.allow_private_targets");
      assertThat(server.said()).isEmpty();
    }
  }

  @Test
  void aServerThatSaysNothingEndsInTime() throws Exception {
    try (Server server = new Server(false, null, true, "")) {
      long start = System.nanoTime();
      assertThat(reason(send(server, "sink.example", Tls.NONE, Set.of("sink.example"), 1_000)))
          .startsWith("no whole answer");
      assertThat((System.nanoTime() - start) / 1_000_000).isLessThan(30_000);
    }
  }
}
