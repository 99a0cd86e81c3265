package io.llmtrace.plugin.telemetry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsParameters;
import com.sun.net.httpserver.HttpsServer;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.llmtrace.runtime.config.TlsConfig;
import io.llmtrace.runtime.tls.TlsMaterial;
import io.llmtrace.testkit.tls.TestAuthority;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The plugin's calls to a control plane that asks for a certificate, and to one that it must not
 * trust.
 */
class ControlPlaneTlsTest {
  @TempDir static Path directory;

  private static TestAuthority authority;
  private static TestAuthority.Issued instance;
  private static HttpsServer server;

  @BeforeAll
  static void serve() throws Exception {
    authority = new TestAuthority(directory.resolve("authority"));
    instance = authority.issue("instance");
    TestAuthority.Issued own = authority.issue("server");
    SSLContext context =
        TlsMaterial.read(
                new TlsConfig(own.certificate(), own.privateKey(), authority.certificate()))
            .client();
    server = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setHttpsConfigurator(
        new HttpsConfigurator(context) {
          @Override
          public void configure(HttpsParameters parameters) {
            SSLParameters wanted = context.getDefaultSSLParameters();
            wanted.setNeedClientAuth(true);
            parameters.setSSLParameters(wanted);
          }
        });
    server.createContext(
        "/",
        exchange -> {
          exchange.sendResponseHeaders(200, -1);
          exchange.close();
        });
    server.start();
  }

  @AfterAll
  static void stop() {
    server.stop(0);
  }

  @Test
  void it_shows_its_certificate() throws Exception {
    assertThat(
            post(
                new TlsConfig(
                    instance.certificate(), instance.privateKey(), authority.certificate())))
        .isEqualTo(200);
  }

  @Test
  void without_one_nothing_is_sent() throws Exception {
    TlsConfig none = new TlsConfig(null, null, authority.certificate());

    assertThatThrownBy(() -> post(none)).isInstanceOf(IOException.class);
  }

  @Test
  void a_control_plane_of_another_authority_is_told_nothing() throws Exception {
    TestAuthority other = new TestAuthority(directory.resolve("other"));
    TlsConfig tls =
        new TlsConfig(instance.certificate(), instance.privateKey(), other.certificate());

    assertThatThrownBy(() -> post(tls)).isInstanceOf(javax.net.ssl.SSLException.class);
  }

  @Test
  void files_that_cannot_be_used_are_a_failed_call_and_no_failed_start() throws Exception {
    Path broken = Files.writeString(directory.resolve("broken.crt"), "no certificate");

    assertThatThrownBy(() -> post(new TlsConfig(broken, instance.privateKey(), null)))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("broken.crt: expected");
    assertThatThrownBy(
            () -> post(new TlsConfig(authority.certificate(), instance.privateKey(), null)))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("expected the key of the first certificate in");
  }

  private static int post(TlsConfig tls) throws IOException, InterruptedException {
    ControlPlaneClient client =
        new ControlPlaneClient(
            new TelemetrySettings(
                directory,
                "node-1",
                URI.create("https://localhost:" + server.getAddress().getPort()),
                () -> "key",
                1,
                1,
                Duration.ofSeconds(1),
                Duration.ofSeconds(1),
                TelemetrySettings.Pacing.standard(),
                tls),
            CircuitBreaker.ofDefaults("test"));
    return client.post("/x", new byte[] {'x'}, ControlPlaneClient.Encoding.PLAIN).statusCode();
  }
}
