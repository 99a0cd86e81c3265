package io.llmtrace.cli.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import io.llmtrace.runtime.config.TlsConfig;
import io.llmtrace.runtime.tls.TlsMaterial;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import javax.net.ssl.SSLHandshakeException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A front that did not show what it says would make the fault of certificates prove nothing. */
class TlsFrontTest {
  @TempDir private Path directory;

  @Test
  void aCertificateRunsOutAndIsRenewed() throws Exception {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/", exchange -> exchange.sendResponseHeaders(204, -1));
    server.start();
    try (TlsFront front = TlsFront.before(server.getAddress().getPort(), directory)) {
      HttpClient client =
          HttpClient.newBuilder()
              .sslContext(TlsMaterial.read(new TlsConfig(null, null, front.authority())).client())
              .build();
      assertThat(status(client, front)).isEqualTo(204);

      front.expire();
      assertThatThrownBy(() -> status(client, front))
          .isInstanceOf(SSLHandshakeException.class)
          .hasStackTraceContaining("NotAfter");
      // The front hears of it a moment after the client has said it.
      long end = System.nanoTime() + Duration.ofSeconds(30).toNanos();
      while (front.refused() == 0 && System.nanoTime() < end) {
        Thread.sleep(10);
      }
      assertThat(front.refused()).isEqualTo(1);

      front.renew();
      assertThat(status(client, front)).isEqualTo(204);
    } finally {
      server.stop(0);
    }
  }

  private static int status(HttpClient client, TlsFront front)
      throws IOException, InterruptedException {
    return client
        .send(
            HttpRequest.newBuilder(URI.create("https://localhost:" + front.port() + "/"))
                .timeout(Duration.ofSeconds(30))
                .build(),
            HttpResponse.BodyHandlers.discarding())
        .statusCode();
  }
}
