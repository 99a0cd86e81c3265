package io.llmtrace.testkit.sinks;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.Socket;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.Test;

class SmtpSinkTest {
  private static final String MAIL =
      """
      Date: Sun, 1 Mar 2026 10:05:00 GMT
      From: a@x.example
      To: b@x.example
      Subject: one
       two
      Message-ID: <m1@x.example>
      References: <m0@x.example>

      ..point
      .
      """
          .replace("\n", "\r\n");

  /** A client that says lines and reads the reply of each. */
  private static final class Client implements AutoCloseable {
    private Socket socket;
    private BufferedReader in;

    Client(SmtpSink sink) throws IOException {
      socket = new Socket(InetAddress.getLoopbackAddress(), sink.port());
      socket.setSoTimeout(10_000);
      in = reader();
      assertThat(reply()).startsWith("220");
    }

    private BufferedReader reader() throws IOException {
      return new BufferedReader(new InputStreamReader(socket.getInputStream(), UTF_8));
    }

    private String reply() throws IOException {
      String line = in.readLine();
      while (line != null && line.length() > 3 && line.charAt(3) == '-') {
        line = in.readLine();
      }
      return String.valueOf(line);
    }

    String say(String text) throws IOException {
      socket.getOutputStream().write((text + "\r\n").getBytes(ISO_8859_1));
      return reply();
    }

    String mail(String mail) throws IOException {
      assertThat(say("MAIL FROM:<a@x.example>")).startsWith("250");
      assertThat(say("RCPT TO:<b@x.example>")).startsWith("250");
      assertThat(say("DATA")).startsWith("354");
      return say(mail.substring(0, mail.length() - 2));
    }

    void secure(SSLContext context) throws IOException {
      SSLSocket secure =
          (SSLSocket)
              context.getSocketFactory().createSocket(socket, "localhost", socket.getPort(), true);
      secure.startHandshake();
      socket = secure;
      in = reader();
    }

    @Override
    public void close() throws IOException {
      socket.close();
    }
  }

  @Test
  void takesAMailWithItsHeadersUnfoldedAndItsPointsUnstuffed() throws Exception {
    try (SmtpSink sink = SmtpSink.start();
        Client client = new Client(sink)) {
      assertThat(client.say("EHLO me")).startsWith("250 ");
      assertThat(client.mail(MAIL)).startsWith("250");
      ReceivedMail mail = sink.received().get(0);
      assertThat(mail.header("Subject")).contains("one two");
      assertThat(mail.key()).isEqualTo("<m1@x.example>");
      assertThat(mail.thread()).isEqualTo("<m0@x.example>");
      assertThat(mail.body()).isEqualTo(".point\r\n");
      assertThat(mail.to()).isEqualTo(List.of("b@x.example"));
      assertThat(client.say("QUIT")).startsWith("221");
    }
  }

  @Test
  void refusesMailsThatRfc5322Refuses() throws Exception {
    try (SmtpSink sink = SmtpSink.start();
        Client client = new Client(sink)) {
      client.say("EHLO me");
      assertThat(client.mail(MAIL.replace("Date:", "X-Date:"))).startsWith("554 date is there 0");
      assertThat(client.mail(MAIL.replace("Subject:", "Subject: x\r\nSubject:")))
          .startsWith("554 subject is there 2");
      assertThat(client.mail(MAIL.replace("one", "\u00e9"))).contains("other than ASCII");
      assertThat(client.mail(MAIL.replace("<m1@", "m1@"))).contains("message-id");
      assertThat(client.mail(MAIL.replace("..point", "x".repeat(999)))).contains("999 bytes");
      assertThat(client.mail(MAIL.replace("..point", "x\ny"))).contains("no CR LF");
      assertThat(sink.received()).isEmpty();
      assertThat(sink.refused()).hasSize(6);
    }
  }

  @Test
  void misbehavesAtTheEndOfAMail() throws Exception {
    try (SmtpSink sink = SmtpSink.start()) {
      sink.faults(
          Faults.script(
              new Fault.RateLimited(1), new Fault.ErrorBody(), new Fault.ResetAfterAccepting()));
      try (Client client = new Client(sink)) {
        client.say("EHLO me");
        assertThat(client.mail(MAIL)).startsWith("451");
        assertThat(client.mail(MAIL)).startsWith("554");
        assertThat(sink.received()).isEmpty();
        String end;
        try {
          end = client.mail(MAIL);
        } catch (IOException e) {
          end = "null";
        }
        assertThat(end).isEqualTo("null");
      }
      assertThat(sink.received()).singleElement().matches(mail -> !mail.answered());
    }
  }

  @Test
  void asksWhoSendsAfterStartTls() throws Exception {
    X509Bundle bundle =
        new CertificateBuilder()
            .subject("CN=localhost")
            .addSanDnsName("localhost")
            .setIsCertificateAuthority(true)
            .buildSelfSigned();
    KeyManagerFactory keys = bundle.toKeyManagerFactory();
    TrustManagerFactory trust = bundle.toTrustManagerFactory();
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
    try (SmtpSink sink =
            SmtpSink.start(Optional.of(context), Optional.of(new SmtpSink.Login("u", "p")));
        Client client = new Client(sink)) {
      client.say("EHLO me");
      assertThat(client.say("MAIL FROM:<a@x.example>")).startsWith("530");
      assertThat(client.say("STARTTLS")).startsWith("220");
      client.secure(context);
      client.say("EHLO me");
      assertThat(client.say("AUTH PLAIN " + plain("\0u\0wrong"))).startsWith("535");
      assertThat(client.say("AUTH PLAIN " + plain("\0u\0p"))).startsWith("235");
      assertThat(client.mail(MAIL)).startsWith("250");
      assertThat(client.say("AUTH LOGIN")).startsWith("334");
      assertThat(client.say(plain("u"))).startsWith("334");
      assertThat(client.say(plain("p"))).startsWith("235");
    }
  }

  private static String plain(String text) {
    return Base64.getEncoder().encodeToString(text.getBytes(UTF_8));
  }
}
