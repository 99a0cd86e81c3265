package io.llmtrace.testkit;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.llmtrace.testkit.RawClient.Answer;
import io.llmtrace.testkit.gateway.GatewayConfig;
import io.llmtrace.testkit.gateway.Options;
import io.llmtrace.testkit.gateway.TestGateway;
import io.llmtrace.testkit.gateway.Transport;
import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import javax.net.ssl.ExtendedSSLSession;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SNIServerName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.slf4j.LoggerFactory;

/** Upstreams over TLS: whom the gateway believes, what it asks for, and what failures look like. */
@Timeout(60)
class TlsUpstreamTest {
  private static final String NAME = "localhost";

  @TempDir static Path folder;
  private static X509Bundle authority;
  private static Path authorityFile;

  private final ListAppender<ILoggingEvent> log = new ListAppender<>();
  private final Queue<String> asked = new ConcurrentLinkedQueue<>();

  @BeforeAll
  static void authority() throws Exception {
    authority = authority("tests");
    authorityFile = Files.writeString(folder.resolve("ca.pem"), authority.getCertificatePEM());
  }

  private static X509Bundle authority(String name) throws Exception {
    return new CertificateBuilder()
        .subject("CN=" + name)
        .setIsCertificateAuthority(true)
        .buildSelfSigned();
  }

  @BeforeEach
  void listen() {
    gatewayLog().setLevel(Level.WARN);
    log.start();
    gatewayLog().addAppender(log);
  }

  @AfterEach
  void stopListening() {
    gatewayLog().detachAppender(log);
    gatewayLog().setLevel(null);
  }

  private static Logger gatewayLog() {
    return (Logger) LoggerFactory.getLogger("io.llmtrace.testkit.gateway");
  }

  @ParameterizedTest
  @EnumSource(Transport.class)
  void a_trusted_upstream_gets_what_the_client_sent_and_its_connection_is_kept(Transport transport)
      throws Exception {
    try (Upstream upstream = secure(issued(NAME));
        TestGateway gateway = gateway(upstream, NAME, "node", transport);
        RawClient client = new RawClient(gateway)) {
      for (int i = 0; i < 3; i++) {
        client.write("GET /v1/models HTTP/1.1\r\nHost: client\r\nAuthorization: Bearer k\r\n\r\n");
        assertThat(client.read(false).text()).isEqualTo("ok");
      }
      assertThat(upstream.connections()).isEqualTo(1);
      assertThat(upstream.requests.get(0).headers())
          .containsEntry("host", NAME + ":" + upstream.port())
          .containsEntry("authorization", "Bearer k");
      assertThat(gateway.requests()).isEqualTo(3);
    }
  }

  @Test
  void a_large_stream_over_tls_arrives_whole() throws Exception {
    byte[] chunk = "x".repeat(10_000).getBytes(ISO_8859_1);
    try (Upstream upstream =
            secure(
                issued(NAME),
                (request, out) -> {
                  out.write(
                      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".getBytes(ISO_8859_1));
                  for (int i = 0; i < 200; i++) {
                    out.write((Integer.toHexString(chunk.length) + "\r\n").getBytes(ISO_8859_1));
                    out.write(chunk);
                    out.write("\r\n".getBytes(ISO_8859_1));
                    out.flush();
                  }
                  out.write("0\r\n\r\n".getBytes(ISO_8859_1));
                  return true;
                });
        TestGateway gateway = gateway(upstream, NAME, "node", Transport.best())) {
      assertThat(RawClient.get(gateway, "/").text()).hasSize(2_000_000);
    }
  }

  @Test
  void a_certificate_for_another_name_is_502_and_the_log_says_so() throws Exception {
    try (Upstream upstream = secure(issued("other.example"));
        TestGateway gateway = gateway(upstream, NAME, "node", Transport.best())) {
      refused(upstream, gateway, "not shown to be localhost", "localhost");
    }
  }

  @Test
  void a_certificate_of_an_unknown_authority_is_502_and_the_log_says_so() throws Exception {
    X509Bundle stranger = named(NAME).buildIssuedBy(authority("strangers"));
    try (Upstream upstream = secure(stranger);
        TestGateway gateway = gateway(upstream, NAME, "node", Transport.best())) {
      refused(upstream, gateway, "not shown to be localhost", "valid certification path");
    }
  }

  @Test
  void the_jdk_trusts_no_authority_of_ours() throws Exception {
    try (Upstream upstream = secure(issued(NAME));
        TestGateway gateway = TestGateway.start(routes(upstream, NAME, "node", 10), options())) {
      refused(upstream, gateway, "valid certification path");
    }
  }

  @Test
  void a_certificate_that_has_expired_is_502() throws Exception {
    Instant now = Instant.now();
    X509Bundle old =
        named(NAME)
            .notBefore(now.minusSeconds(7_200))
            .notAfter(now.minusSeconds(3_600))
            .buildIssuedBy(authority);
    try (Upstream upstream = secure(old);
        TestGateway gateway = gateway(upstream, NAME, "node", Transport.best())) {
      refused(upstream, gateway, "NotAfter");
    }
  }

  @Test
  void the_name_that_is_asked_for_and_verified_is_that_of_the_host_header() throws Exception {
    try (Upstream upstream = secure(issued("llm.example"));
        TestGateway gateway = gateway(upstream, "127.0.0.1", "rewrite", Transport.best())) {
      assertThat(RawClient.get(gateway, "/").text()).isEqualTo("ok");
      assertThat(asked).containsExactly("llm.example");
    }
  }

  @Test
  void an_upstream_that_speaks_no_tls_is_502() throws Exception {
    try (ServerSocket plain = new ServerSocket(0, 5, InetAddress.getLoopbackAddress());
        TestGateway gateway =
            TestGateway.start(
                routes(plain.getLocalPort(), NAME, "node", 10),
                options().withUpstreamCa(authorityFile))) {
      CompletableFuture<Void> greeting =
          CompletableFuture.runAsync(
              () -> {
                try (Socket client = plain.accept()) {
                  client
                      .getOutputStream()
                      .write("HTTP/1.1 400 Bad Request\r\n\r\n".getBytes(ISO_8859_1));
                } catch (IOException e) {
                  throw new UncheckedIOException(e);
                }
              });
      refused(gateway, "no TLS");
      greeting.join();
    }
  }

  @Test
  void a_handshake_that_nobody_answers_is_504() throws Exception {
    try (ServerSocket silent = new ServerSocket(0, 5, InetAddress.getLoopbackAddress());
        TestGateway gateway =
            TestGateway.start(
                routes(silent.getLocalPort(), NAME, "node", 1),
                options().withUpstreamCa(authorityFile))) {
      assertThat(RawClient.get(gateway, "/").status()).isEqualTo(504);
    }
  }

  @Test
  void a_name_that_nobody_has_is_502() throws Exception {
    try (Upstream upstream = secure(issued(NAME));
        TestGateway gateway = gateway(upstream, "no-such-host.invalid", "node", Transport.best())) {
      refused(upstream, gateway, "no-such-host.invalid");
    }
  }

  @Test
  void post_resp_asks_without_a_name_as_the_gateway_does() throws Exception {
    String routes =
        routesText("PORT", NAME, "node", 10)
            .replace("PLUGINS", "{ext-plugin-post-resp: {allow_degradation: true, conf: []}}");
    try (Upstream upstream = secure(issued(NAME));
        TestGateway gateway =
            TestGateway.start(
                GatewayConfig.parse(routes.replace("PORT", String.valueOf(upstream.port()))),
                options().withUpstreamCa(authorityFile))) {
      assertThat(RawClient.get(gateway, "/").status()).isEqualTo(200);
      assertThat(asked).containsExactly("");
    }
  }

  @Test
  void a_file_without_certificates_is_refused_at_the_start() throws Exception {
    Path nothing = Files.writeString(folder.resolve("nothing.pem"), "nothing");
    GatewayConfig routes = routes(1, NAME, "node", 10);
    assertThatThrownBy(() -> TestGateway.start(routes, options().withUpstreamCa(nothing)))
        .isInstanceOf(UncheckedIOException.class)
        .hasMessageContaining(nothing + ": expected certificates in PEM form");
  }

  @Test
  void a_port_in_use_is_said() throws Exception {
    GatewayConfig routes = routes(1, NAME, "node", 10);
    try (ServerSocket taken = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
      int port = taken.getLocalPort();
      assertThatThrownBy(() -> TestGateway.start(routes, options().withPort(port)))
          .isInstanceOf(UncheckedIOException.class)
          .hasMessageContaining("cannot listen on 127.0.0.1:" + port);
    }
  }

  @Test
  void proxy_rewrite_puts_a_prefix_before_the_path_and_keeps_the_query() throws Exception {
    String routes =
        routesText("PORT", NAME, "node", 10)
            .replace("PLUGINS", "{proxy-rewrite: {regex_uri: ['^/(.*)', '/open ai/$1']}}");
    try (Upstream upstream = secure(issued(NAME));
        TestGateway gateway =
            TestGateway.start(
                GatewayConfig.parse(routes.replace("PORT", String.valueOf(upstream.port()))),
                options().withUpstreamCa(authorityFile))) {
      assertThat(RawClient.get(gateway, "/v1/models/a:b?x=%20y").status()).isEqualTo(200);
      assertThat(upstream.request().target()).isEqualTo("/open%20ai/v1/models/a:b?x=%20y");
    }
  }

  private void refused(Upstream upstream, TestGateway gateway, String... said) throws IOException {
    refused(gateway, said);
    assertThat(upstream.requests).isEmpty();
  }

  private void refused(TestGateway gateway, String... said) throws IOException {
    Answer answer = RawClient.get(gateway, "/v1/models?key=hidden");
    assertThat(answer.status()).isEqualTo(502);
    assertThat(log.list).hasSize(1);
    assertThat(log.list.get(0).getFormattedMessage())
        .contains("for /v1/models: ")
        .contains(said)
        .doesNotContain("hidden");
  }

  private static X509Bundle issued(String name) throws Exception {
    return named(name).buildIssuedBy(authority);
  }

  private static CertificateBuilder named(String name) {
    return new CertificateBuilder().subject("CN=server").addSanDnsName(name);
  }

  private Upstream secure(X509Bundle certificate) throws Exception {
    return secure(
        certificate,
        (request, out) -> {
          out.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok".getBytes(ISO_8859_1));
          return true;
        });
  }

  private Upstream secure(X509Bundle certificate, Upstream.Script script) throws Exception {
    SSLContext context = SSLContext.getInstance("TLS");
    KeyManager[] keys = certificate.toKeyManagerFactory().getKeyManagers();
    context.init(keys, null, null);
    SSLServerSocket server =
        (SSLServerSocket)
            context
                .getServerSocketFactory()
                .createServerSocket(0, 50, InetAddress.getLoopbackAddress());
    return new Upstream(
        server,
        (request, out) -> {
          asked.add(serverName(request.socket()));
          return script.on(request, out);
        });
  }

  private static String serverName(Socket socket) {
    ExtendedSSLSession session = (ExtendedSSLSession) ((SSLSocket) socket).getSession();
    List<SNIServerName> names = session.getRequestedServerNames();
    return names.isEmpty() ? "" : new String(names.get(0).getEncoded(), ISO_8859_1);
  }

  private static TestGateway gateway(
      Upstream upstream, String node, String passHost, Transport transport) {
    return TestGateway.start(
        routes(upstream, node, passHost, 10),
        options().withUpstreamCa(authorityFile).withTransport(transport));
  }

  private static Options options() {
    return Options.of(folder.resolve("absent.sock"));
  }

  private static GatewayConfig routes(
      Upstream upstream, String node, String passHost, int connect) {
    return routes(upstream.port(), node, passHost, connect);
  }

  private static GatewayConfig routes(int port, String node, String passHost, int connect) {
    return GatewayConfig.parse(
        routesText(String.valueOf(port), node, passHost, connect).replace("PLUGINS", "{}"));
  }

  private static String routesText(String port, String node, String passHost, int connect) {
    return """
        routes:
          - id: secure
            uri: /*
            plugins: PLUGINS
            upstream:
              scheme: https
              pass_host: %s
              upstream_host: llm.example
              timeout: {connect: %d, send: 10, read: 10}
              nodes: {"%s:%s": 1}
        #END
        """
        .formatted(passHost, connect, node, port);
  }
}
