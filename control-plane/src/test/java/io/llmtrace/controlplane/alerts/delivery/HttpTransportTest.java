package io.llmtrace.controlplane.alerts.delivery;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.llmtrace.controlplane.Await;
import io.llmtrace.controlplane.alerts.channels.HttpCall;
import io.llmtrace.controlplane.alerts.delivery.Sink.Manner;
import io.llmtrace.controlplane.outbound.AddressGuard;
import io.llmtrace.controlplane.outbound.Reply;
import io.llmtrace.controlplane.outbound.TransportSettings;
import io.llmtrace.runtime.config.ChannelConfig;
import io.llmtrace.runtime.config.Secret;
import io.llmtrace.testkit.ports.FreePort;
import io.llmtrace.testkit.tls.TestAuthority;
import java.net.InetAddress;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HttpTransportTest {
  private static final String SECRET_PATH = "/services/T0/B0/xoxsecret";
  private static final ChannelConfig CHANNEL =
      new ChannelConfig.Webhook(
          ChannelConfig.Common.of("c"), Secret.of("https://x.example"), null, null);

  /** For those who answer: a busy machine is not the subject. */
  private static final int PATIENT_MILLIS = 30_000;

  /** For those who do not. */
  private static final int HASTY_MILLIS = 1_500;

  @TempDir static Path directory;
  private static SSLContext tls;

  @BeforeAll
  static void makeCertificate() throws Exception {
    tls = new TestAuthority(directory).context("sink.example");
  }

  private static Transport transport(Set<String> allowed) {
    return transport(allowed, host -> new InetAddress[] {InetAddress.getLoopbackAddress()});
  }

  private static Transport transport(Set<String> allowed, AddressGuard.Names names) {
    return new Transport(new TransportSettings(allowed), names, tls, PATIENT_MILLIS);
  }

  private static Transport hasty(Set<String> allowed, AddressGuard.Names names) {
    return new Transport(new TransportSettings(allowed), names, tls, HASTY_MILLIS);
  }

  private static Reply post(Transport transport, URI target) {
    return transport.carry(
        new HttpCall(
            target,
            Map.of("Content-Type", "application/json", "Webhook-Id", "n1"),
            "{\"a\":\"ü\"}".getBytes(UTF_8)),
        CHANNEL);
  }

  private static String reason(Reply reply) {
    String reason =
        reply instanceof Reply.Refused refused
            ? refused.reason()
            : ((Reply.Unanswered) reply).reason();
    assertThat(reason)
        .doesNotContain("xoxsecret")
        .doesNotContain("sink.")
        .doesNotContain("127.0.0.1");
    return reason;
  }

  @Test
  void aMessageArrivesAsItWasRenderedAndItsAnswerComesBack() throws Exception {
    try (Sink sink = new Sink(got -> Manner.LIMIT);
        Transport transport = transport(Set.of("sink.internal"))) {
      Reply reply = post(transport, sink.at("http", "sink.internal", SECRET_PATH));
      assertThat(reply)
          .isInstanceOfSatisfying(
              Reply.Answered.class,
              answered -> {
                assertThat(answered.status()).isEqualTo(429);
                assertThat(answered.headers().get("retry-after")).containsExactly("1");
                assertThat(new String(answered.bodyStart(), UTF_8)).isEqualTo("ok");
              });
      assertThat(sink.got()).hasSize(1);
      assertThat(sink.got().get(0).body()).isEqualTo("{\"a\":\"ü\"}");
      assertThat(sink.got().get(0).head())
          .startsWith("POST " + SECRET_PATH + " HTTP/1.1\r\n")
          .contains("Content-Type: application/json\r\n")
          .contains("Webhook-Id: n1\r\n");
      post(transport, sink.at("http", "sink.internal", SECRET_PATH));
      assertThat(sink.got().get(1).head()).doesNotContain("Cookie");
      assertThat(sink.connections()).as("no connection outlives its check").isEqualTo(2);
    }
  }

  @Test
  void nothingIsSentToWhereANameLeadsThatIsNotAllowed() throws Exception {
    try (Sink sink = new Sink(got -> Manner.TAKE, tls);
        Transport transport = transport(Set.of())) {
      for (String host : new String[] {"sink.example", "127.0.0.1", "[::1]", "2130706433"}) {
        assertThat(post(transport, sink.at("https", host, SECRET_PATH)))
            .as(host)
            .isInstanceOfSatisfying(Reply.Refused.class, refused -> reason(refused));
      }
      assertThat(sink.connections()).isZero();
    }
  }

  @Test
  void aNameThatAnswersDifferentlyTheSecondTimeIsAskedOnce() throws Exception {
    AtomicInteger asked = new AtomicInteger();
    try (Sink sink = new Sink(got -> Manner.TAKE, tls);
        Transport transport =
            hasty(
                Set.of(),
                host ->
                    new InetAddress[] {
                      // A public address at first, which nothing listens at here.
                      asked.getAndIncrement() == 0
                          ? InetAddress.getByName("192.31.196.1")
                          : InetAddress.getLoopbackAddress()
                    })) {
      Reply reply = post(transport, sink.at("https", "rebinding.example", SECRET_PATH));
      assertThat(reply).isInstanceOf(Reply.Unanswered.class);
      assertThat(asked.get()).isEqualTo(1);
      assertThat(post(transport, sink.at("https", "rebinding.example", SECRET_PATH)))
          .as("the next message asks again and finds it private")
          .isInstanceOf(Reply.Refused.class);
      assertThat(sink.connections()).isZero();
    }
  }

  @Test
  void redirectsAreNotFollowed() throws Exception {
    try (Sink sink = new Sink(got -> Manner.REDIRECT);
        Transport transport = transport(Set.of("sink.internal"))) {
      Reply reply = post(transport, sink.at("http", "sink.internal", SECRET_PATH));
      assertThat(reply).isInstanceOf(Reply.Refused.class);
      assertThat(reason(reply)).isEqualTo("answered 307: redirects are not followed");
      assertThat(sink.got()).hasSize(1);
    }
  }

  @Test
  void plainHttpIsForAllowedTargetsOnly() throws Exception {
    try (Sink sink = new Sink(got -> Manner.TAKE);
        Transport transport = transport(Set.of("other.internal"))) {
      for (URI target :
          new URI[] {
            sink.at("http", "sink.internal", SECRET_PATH),
            URI.create("ftp://other.internal/x"),
            URI.create("https:///x"),
            URI.create("https://user:xoxsecret@other.internal/x")
          }) {
        assertThat(post(transport, target))
            .isInstanceOfSatisfying(Reply.Refused.class, refused -> reason(refused));
      }
      assertThat(sink.connections()).isZero();
    }
  }

  @Test
  void tlsIsVerifiedByTrustAndByName() throws Exception {
    try (Sink sink = new Sink(got -> Manner.TAKE, tls);
        Transport transport = transport(Set.of("sink.example", "other.example"))) {
      assertThat(post(transport, sink.at("https", "sink.example", SECRET_PATH)))
          .isInstanceOfSatisfying(
              Reply.Answered.class, answered -> assertThat(answered.status()).isEqualTo(200));
      Reply other = post(transport, sink.at("https", "other.example", SECRET_PATH));
      assertThat(reason(other)).startsWith("TLS failed");
      try (Transport stranger =
          new Transport(
              new TransportSettings(Set.of("sink.example")),
              host -> new InetAddress[] {InetAddress.getLoopbackAddress()},
              SSLContext.getDefault(),
              PATIENT_MILLIS)) {
        assertThat(reason(post(stranger, sink.at("https", "sink.example", SECRET_PATH))))
            .startsWith("TLS failed");
      }
      assertThat(sink.got()).hasSize(1);
    }
  }

  @Test
  void whatHangsTricklesOrBreaksEndsInTime() throws Exception {
    for (Manner manner : new Manner[] {Manner.HANG, Manner.TRICKLE, Manner.RESET}) {
      try (Sink sink = new Sink(got -> manner);
          Transport transport =
              hasty(
                  Set.of("sink.internal"),
                  host -> new InetAddress[] {InetAddress.getLoopbackAddress()})) {
        long start = System.nanoTime();
        Reply reply = post(transport, sink.at("http", "sink.internal", SECRET_PATH));
        assertThat(reply).as(manner.name()).isInstanceOf(Reply.Unanswered.class);
        assertThat(reason(reply))
            .startsWith(manner == Manner.RESET ? "the connection broke" : "no whole answer");
        assertThat((System.nanoTime() - start) / 1_000_000).isLessThan(PATIENT_MILLIS);
        // A busy machine may have taken it only now.
        Await.until(Duration.ofSeconds(30), () -> !sink.got().isEmpty());
        assertThat(sink.got()).as("no retry of its own").hasSize(1);
      }
    }
  }

  @Test
  void anAnswerWithoutAnEndIsReadToABound() throws Exception {
    try (Sink sink = new Sink(got -> Manner.ENDLESS);
        Transport transport = transport(Set.of("sink.internal"))) {
      // What is read until the time is over is no answer.
      assertThat(post(transport, sink.at("http", "sink.internal", SECRET_PATH)))
          .isInstanceOfSatisfying(
              Reply.Answered.class, answered -> assertThat(answered.bodyStart()).hasSize(64 << 10));
    }
  }

  @Test
  void aHostThatIsNotKnownOrNotThereMayBeLater() throws Exception {
    try (Transport transport =
        transport(
            Set.of("sink.internal"),
            host -> {
              throw new java.net.UnknownHostException(host);
            })) {
      assertThat(reason(post(transport, URI.create("http://sink.internal/x"))))
          .isEqualTo("its host is not known");
    }
    int free = FreePort.next();
    try (Transport transport = transport(Set.of("sink.internal"))) {
      assertThat(reason(post(transport, URI.create("http://sink.internal:" + free + "/x"))))
          .isEqualTo("no connection");
    }
  }
}
