package io.llmtrace.controlplane.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.llmtrace.controlplane.Await;
import io.llmtrace.controlplane.ControlPlane;
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
import javax.net.ssl.SSLException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The API port with a certificate, and what it asks of instances. No database is needed. */
class TlsTest {
  private static final String INGEST = "/api/v1/ingest/batches";

  @TempDir static Path directory;

  private static TestAuthority authority;
  private static TestAuthority.Issued server;
  private static TestAuthority.Issued instance;
  private static ControlPlane plane;

  @BeforeAll
  static void start() throws Exception {
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
                    .withDatabase(
                        new DatabaseConfig(
                            Secret.of("jdbc:postgresql://127.0.0.1:1/none"), null, null, 1))
                    .withTls(
                        new TlsConfig(
                            server.certificate(), server.privateKey(), authority.certificate()))));
  }

  @AfterAll
  static void stop() throws Exception {
    plane.close();
  }

  @Test
  void people_without_a_certificate_reach_what_is_not_for_instances() throws Exception {
    HttpResponse<String> answer = send(client(null), "GET", "/health");

    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.headers().firstValue("Strict-Transport-Security"))
        .hasValue("max-age=63072000");
    assertThat(answer.sslSession().orElseThrow().getProtocol()).isEqualTo("TLSv1.3");
  }

  @Test
  void an_instance_without_a_certificate_is_turned_away_before_its_key_is_looked_at()
      throws Exception {
    HttpResponse<String> answer = send(client(null), "POST", INGEST);

    assertThat(answer.statusCode()).isEqualTo(403);
    assertThat(answer.body()).contains("client_ca");
  }

  @Test
  void no_spelling_of_a_path_is_a_way_around() throws Exception {
    for (String path :
        new String[] {
          "/api/v1/ingest;a=b/batches", "/api/v1;x/ingest/batches", "/api/v1/%69ngest/batches"
        }) {
      // Whoever turns it away, nobody gets as far as the key.
      assertThat(send(client(null), "POST", path).statusCode()).as(path).isIn(400, 403, 404);
    }
    // In the same place, and for people.
    assertThat(send(client(null), "GET", "/api/v1/ingest/set-aside").statusCode()).isEqualTo(401);
  }

  @Test
  void an_instance_with_one_is_asked_for_its_key() throws Exception {
    assertThat(send(client(instance), "POST", INGEST).statusCode()).isEqualTo(401);
  }

  @Test
  void a_certificate_of_somebody_else_is_none() throws Exception {
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
  void a_server_of_somebody_else_is_not_spoken_to() throws Exception {
    HttpClient plain = HttpClient.newHttpClient();

    assertThatThrownBy(() -> send(plain, "GET", "/health")).isInstanceOf(SSLException.class);
  }

  @Test
  void a_renewed_certificate_is_taken_up_without_a_restart() throws Exception {
    BigInteger before = shown();
    TestAuthority.Issued renewed = authority.issue("renewed");
    Files.copy(renewed.privateKey(), server.privateKey(), StandardCopyOption.REPLACE_EXISTING);
    Files.copy(renewed.certificate(), server.certificate(), StandardCopyOption.REPLACE_EXISTING);

    Await.until(Duration.ofSeconds(10), () -> !shown().equals(before));
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
            .timeout(Duration.ofSeconds(10))
            .method(method, HttpRequest.BodyPublishers.noBody())
            .build(),
        HttpResponse.BodyHandlers.ofString());
  }
}
