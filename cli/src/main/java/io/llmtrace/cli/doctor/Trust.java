package io.llmtrace.cli.doctor;

import io.llmtrace.runtime.config.TlsConfig;
import io.llmtrace.runtime.tls.TlsMaterial;
import java.io.IOException;
import java.net.Socket;
import java.net.http.HttpClient;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/**
 * Whose certificates a peer is taken with, and what it is shown. Files are read at the first
 * request, and one client serves all later ones, because a client has threads. Thread-safe.
 */
final class Trust {
  /** Makes the context of TLS; null for that of Java. */
  private interface Source {
    @Nullable SSLContext read() throws IOException;
  }

  private static final Trust JAVA = new Trust(() -> null);

  private final Source source;
  private @Nullable HttpClient client;

  private Trust(Source source) {
    this.source = source;
  }

  /** What Java trusts; shows nothing. */
  static Trust ofJava() {
    return JAVA;
  }

  /** As the plugin's own client does it, from the same files. */
  static Trust of(TlsConfig tls) {
    return tls.isPresent() ? new Trust(() -> TlsMaterial.read(tls).client()) : JAVA;
  }

  /**
   * Takes the first certificate of a file and no other, whatever address it is shown at: who looks
   * at a control plane from its own machine asks loopback, which no certificate names.
   */
  static Trust only(Path certificate) {
    return new Trust(() -> pinned(certificate));
  }

  /**
   * The client to ask with.
   *
   * @throws IOException says which file cannot be used, and what would be right
   */
  synchronized HttpClient client() throws IOException {
    HttpClient made = client;
    if (made == null) {
      HttpClient.Builder builder =
          HttpClient.newBuilder()
              .version(HttpClient.Version.HTTP_1_1)
              .followRedirects(HttpClient.Redirect.NEVER);
      SSLContext context = source.read();
      if (context != null) {
        builder.sslContext(context);
      }
      made = builder.build();
      client = made;
    }
    return made;
  }

  private static SSLContext pinned(Path file) throws IOException {
    KeyStore certificates = TlsMaterial.read(new TlsConfig(null, null, file)).trusted();
    try {
      Certificate own = certificates == null ? null : certificates.getCertificate("authority-0");
      if (!(own instanceof X509Certificate certificate)) {
        throw new IOException(file + ": expected at least one certificate in PEM");
      }
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, new TrustManager[] {new Pinned(certificate, file)}, null);
      return context;
    } catch (GeneralSecurityException e) {
      throw new IOException(file + ": cannot be used: " + e.getMessage(), e);
    }
  }

  /** Compares the whole certificate, which says more than the name in it. */
  private static final class Pinned extends X509ExtendedTrustManager {
    private final X509Certificate own;
    private final Path file;

    private Pinned(X509Certificate own, Path file) {
      this.own = own;
      this.file = file;
    }

    private void check(X509Certificate[] chain) throws CertificateException {
      if (chain.length == 0 || !chain[0].equals(own)) {
        throw new CertificateException("it shows another certificate than that in " + file);
      }
      own.checkValidity();
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String auth)
        throws CertificateException {
      check(chain);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String auth, Socket socket)
        throws CertificateException {
      check(chain);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String auth, SSLEngine engine)
        throws CertificateException {
      check(chain);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String auth)
        throws CertificateException {
      throw new CertificateException("doctor serves nobody");
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String auth, Socket socket)
        throws CertificateException {
      throw new CertificateException("doctor serves nobody");
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String auth, SSLEngine engine)
        throws CertificateException {
      throw new CertificateException("doctor serves nobody");
    }

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }
}
