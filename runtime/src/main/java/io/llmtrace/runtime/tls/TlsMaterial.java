package io.llmtrace.runtime.tls;

import io.llmtrace.runtime.config.TlsConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;

/**
 * What one side of a connection shows and whom it trusts, as read from the files at one time.
 * Immutable.
 */
public final class TlsMaterial {
  /** Of key stores in memory, which nobody but this process ever sees. */
  private static final char[] IN_MEMORY = "in memory".toCharArray();

  private final @Nullable KeyStore own;
  private final @Nullable KeyStore trusted;
  private final List<FileTime> times;

  private TlsMaterial(@Nullable KeyStore own, @Nullable KeyStore trusted, List<FileTime> times) {
    this.own = own;
    this.trusted = trusted;
    this.times = List.copyOf(times);
  }

  /**
   * Reads the files.
   *
   * @throws IOException says which of them is wrong, and what would be right
   */
  public static TlsMaterial read(TlsConfig tls) throws IOException {
    // Before the contents: a change in between is seen the next time.
    List<FileTime> times = times(tls);
    try {
      Path certificate = tls.certificate();
      Path key = tls.privateKey();
      Path authority = tls.authority();
      return new TlsMaterial(
          certificate == null || key == null ? null : own(certificate, key),
          authority == null ? null : trusted(PemFiles.certificates(authority)),
          times);
    } catch (GeneralSecurityException e) {
      throw new IOException("the certificates of TLS cannot be used: " + e.getMessage(), e);
    }
  }

  /** Whether the files are no longer those that were read. */
  public boolean isOutdated(TlsConfig tls) throws IOException {
    return !times(tls).equals(times);
  }

  private static List<FileTime> times(TlsConfig tls) throws IOException {
    List<FileTime> times = new ArrayList<>();
    for (Path file : new Path[] {tls.certificate(), tls.privateKey(), tls.authority()}) {
      if (file != null) {
        times.add(Files.getLastModifiedTime(file));
      }
    }
    return times;
  }

  private static KeyStore own(Path certificate, Path keyFile)
      throws IOException, GeneralSecurityException {
    List<X509Certificate> chain = PemFiles.certificates(certificate);
    PrivateKey key = PemFiles.privateKey(keyFile);
    if (!PairCheck.belongTogether(chain.get(0).getPublicKey(), key)) {
      throw new IOException(
          keyFile + ": expected the key of the first certificate in " + certificate);
    }
    KeyStore store = empty();
    store.setKeyEntry("own", key, IN_MEMORY, chain.toArray(Certificate[]::new));
    return store;
  }

  private static KeyStore trusted(List<X509Certificate> authorities)
      throws IOException, GeneralSecurityException {
    KeyStore store = empty();
    for (int i = 0; i < authorities.size(); i++) {
      store.setCertificateEntry("authority-" + i, authorities.get(i));
    }
    return store;
  }

  private static KeyStore empty() throws IOException, GeneralSecurityException {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, IN_MEMORY);
    return store;
  }

  /** Own certificate and key, under {@link #password}; {@code null} for none. */
  public @Nullable KeyStore own() {
    return own;
  }

  /** Who may have issued the other side's certificate; {@code null} where nothing is said. */
  public @Nullable KeyStore trusted() {
    return trusted;
  }

  /** Of the key in {@link #own}. */
  public static String password() {
    return new String(IN_MEMORY);
  }

  /**
   * For a client: shows the own certificate to servers that ask, and trusts the authorities, or
   * what Java trusts where none are named.
   *
   * @throws IOException if Java cannot use them
   */
  public SSLContext client() throws IOException {
    try {
      KeyManager @Nullable [] keys = null;
      if (own != null) {
        KeyManagerFactory factory =
            KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        factory.init(own, IN_MEMORY);
        keys = factory.getKeyManagers();
      }
      TrustManager @Nullable [] trust = null;
      if (trusted != null) {
        TrustManagerFactory factory =
            TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init(trusted);
        trust = factory.getTrustManagers();
      }
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(keys, trust, null);
      return context;
    } catch (GeneralSecurityException e) {
      throw new IOException("the certificates of TLS cannot be used: " + e.getMessage(), e);
    }
  }
}
