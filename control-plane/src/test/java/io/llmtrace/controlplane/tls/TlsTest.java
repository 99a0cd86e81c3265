package io.llmtrace.controlplane.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.llmtrace.controlplane.Await;
import io.llmtrace.controlplane.ControlPlane;
import io.llmtrace.controlplane.TestControlPlane;
import io.llmtrace.runtime.config.DatabaseConfig;
import io.llmtrace.runtime.config.LlmtraceConfig;
import io.llmtrace.runtime.config.Secret;
import io.llmtrace.runtime.config.TlsConfig;
import io.llmtrace.runtime.tls.TlsMaterial;
import io.llmtrace.testkit.tls.TestAuthority;
import java.io.IOException;
import java.math.BigInteger;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import javax.net.ssl.SSLException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** The API port with a certificate, and what it asks of instances. */
@ExtendWith(TestControlPlane.Extension.class)
class TlsTest {
  private static final String INGEST = "/api/v1/ingest/batches";

  @TempDir static Path directory;

  private static TestAuthority authority;
  private static TestAuthority.Issued server;
  private static TestAuthority.Issued instance;
  private static ControlPlane plane;
  private static String key;

  @BeforeAll
  static void start(TestControlPlane shared) throws Exception {
    authority = new TestAuthority(directory.resolve("authority"));
    server = authority.issue("server");
    instance = authority.issue("instance");
    LlmtraceConfig defaults = LlmtraceConfig.defaults();
    plane =
        ControlPlane.start(
            defaults.withControlPlane(
                defaults
                    .controlPlane()
                    .withPorts(0, 0)
                    .withDataDirectory(directory.resolve("data"))
                    .withDatabase(new DatabaseConfig(Secret.of(shared.url()), null, null, 4))
                    .withTls(
                        new TlsConfig(
                            server.certificate(), server.privateKey(), authority.certificate()))));
    key = shared.key("instance", TestControlPlane.OWN);
    Await.until(
        Duration.ofSeconds(90), () -> send(client(null), "GET", "/readyz").statusCode() == 200);
  }

  @AfterAll
  static void stop() throws Exception {
    plane.close();
  }

  @Test
  void peopleWithoutACertificateReachWhatIsNotForInstances() throws Exception {
    HttpResponse<String> answer = send(client(null), "GET", "/health");

    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.headers().firstValue("Strict-Transport-Security"))
        .hasValue("max-age=63072000");
    assertThat(answer.sslSession().orElseThrow().getProtocol()).isEqualTo("TLSv1.3");
  }

  @Test
  void aKeyWithoutACertificateIsTurnedAwayHoweverThePathIsWritten() throws Exception {
    for (String path :
        List.of(
            INGEST,
            "/api;x/v1/ingest/batches",
            "/api/v1/ingest;x=y/batches",
            "/api/v1/%69ngest/batches",
            "/api/v1/ingest/leases",
            "/api/v1/ingest/bundle")) {
      HttpResponse<String> answer = send(client(null), "POST", path);
      assertThat(answer.statusCode()).as(path).isIn(400, 401, 403, 404, 405);
    }
    assertThat(send(client(null), "POST", INGEST).body()).contains("client_ca");
    assertThat(send(client(null), "POST", "/api/v1/ingest;x=y/batches").body())
        .contains("client_ca");
    assertThat(send(client(null), "POST", "/v1/traces").body()).contains("client_ca");
    // In the same place, and for people.
    assertThat(send(client(null), "GET", "/api/v1/ingest/set-aside").body())
        .doesNotContain("client_ca");
  }

  @Test
  void withOneItIsRead() throws Exception {
    HttpResponse<String> answer = send(client(instance), "POST", INGEST);

    assertThat(answer.statusCode()).isEqualTo(400);
    assertThat(answer.body()).doesNotContain("client_ca");
  }

  @Test
  void aCertificateOfSomebodyElseIsNone() throws Exception {
    TestAuthority other = new TestAuthority(directory.resolve("other"));
    HttpClient stranger = client(other.issue("instance"));

    int status;
    try {
      status = send(stranger, "POST", INGEST).statusCode();
    } catch (IOException e) {
      // Clients that show it all the same do not get through the handshake.
      status = 403;
    }
    assertThat(status).isEqualTo(403);
  }

  @Test
  void aServerOfSomebodyElseIsNotSpokenTo() throws Exception {
    HttpClient plain = HttpClient.newHttpClient();

    assertThatThrownBy(() -> send(plain, "GET", "/health")).isInstanceOf(SSLException.class);
  }

  @Test
  void aRenewedCertificateIsTakenUpWithoutARestart() throws Exception {
    BigInteger before = shown();
    TestAuthority.Issued renewed = authority.issue("renewed");
    Files.copy(renewed.privateKey(), server.privateKey(), StandardCopyOption.REPLACE_EXISTING);
    Files.copy(renewed.certificate(), server.certificate(), StandardCopyOption.REPLACE_EXISTING);

    Await.until(Duration.ofSeconds(60), () -> !shown().equals(before));
  }

  private static BigInteger shown() throws Exception {
    X509Certificate certificate =
        (X509Certificate)
            send(client(null), "GET", "/health")
                .sslSession()
                .orElseThrow()
                .getPeerCertificates()[0];
    return certificate.getSerialNumber();
  }

  private static HttpClient client(TestAuthority.Issued own) throws IOException {
    TlsConfig tls =
        new TlsConfig(
            own == null ? null : own.certificate(),
            own == null ? null : own.privateKey(),
            authority.certificate());
    return HttpClient.newBuilder().sslContext(TlsMaterial.read(tls).client()).build();
  }

  private static HttpResponse<String> send(HttpClient client, String method, String path)
      throws IOException, InterruptedException {
    return client.send(
        HttpRequest.newBuilder(URI.create("https://localhost:" + plane.port() + path))
            .timeout(Duration.ofSeconds(60))
            .header("Authorization", "Bearer " + key)
            .method(method, HttpRequest.BodyPublishers.noBody())
            .build(),
        HttpResponse.BodyHandlers.ofString());
  }
}
