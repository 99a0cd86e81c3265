package io.llmtrace.testkit.tls;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.Key;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/**
 * A certificate authority of a test, by the JDK's keytool. Its keys are good for nothing else: they
 * lie in the open in a folder of the test's. Not thread-safe.
 */
public final class TestAuthority {
  private static final String PASSWORD = "changeit";
  private static final String HERE = "dns:localhost,ip:127.0.0.1";
  private static final String AUTHORITY = "authority";

  private final Path folder;
  private final Path store;

  /**
   * A certificate and its key, both PEM.
   *
   * @param certificate the certificate alone, without its authority
   */
  public record Issued(Path certificate, Path privateKey) {}

  /**
   * Makes an authority.
   *
   * @param folder for its files; a folder for each authority
   */
  public TestAuthority(Path folder) throws IOException, InterruptedException {
    this.folder = folder;
    this.store = folder.resolve("store.p12");
    Files.createDirectories(folder);
    keytool("-genkeypair", "-alias", AUTHORITY, "-dname", "CN=test authority", "-ext", "bc:c");
  }

  /** The authority's own certificate. */
  public Path certificate() throws IOException {
    return pem(folder.resolve("authority.crt"), "CERTIFICATE", encoded(AUTHORITY));
  }

  /** Issues a certificate for {@code localhost} and {@code 127.0.0.1}, for servers and clients. */
  public Issued issue(String name) throws IOException, InterruptedException {
    return issue(name, HERE, "-1d");
  }

  /** Issues one that ran out days ago. */
  public Issued issueExpired(String name) throws IOException, InterruptedException {
    return issue(name, HERE, "-9d");
  }

  /**
   * A TLS context with a certificate for one host alone: it shows the certificate, and trusts this
   * authority and no other.
   */
  public SSLContext context(String host) throws IOException, InterruptedException {
    issue(host, "dns:" + host, "-1d");
    try {
      // The store has the authority's key as well, and a server could show that one.
      KeyStore shown = KeyStore.getInstance("PKCS12");
      shown.load(null, null);
      char[] password = PASSWORD.toCharArray();
      shown.setKeyEntry(
          host, store().getKey(host, password), password, store().getCertificateChain(host));
      KeyManagerFactory own = KeyManagerFactory.getInstance("PKIX");
      own.init(shown, password);
      KeyStore trusted = KeyStore.getInstance("PKCS12");
      trusted.load(null, null);
      trusted.setCertificateEntry(AUTHORITY, store().getCertificate(AUTHORITY));
      TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
      trust.init(trusted);
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(own.getKeyManagers(), trust.getTrustManagers(), null);
      return context;
    } catch (GeneralSecurityException e) {
      throw new IOException(e);
    }
  }

  private Issued issue(String name, String hosts, String start)
      throws IOException, InterruptedException {
    keytool(
        "-genkeypair",
        "-alias",
        name,
        "-signer",
        AUTHORITY,
        "-dname",
        "CN=" + name,
        "-startdate",
        start,
        "-ext",
        "san=" + hosts);
    return new Issued(
        pem(folder.resolve(name + ".crt"), "CERTIFICATE", encoded(name)),
        pem(folder.resolve(name + ".key"), "PRIVATE KEY", key(name)));
  }

  private void keytool(String... arguments) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "keytool").toString());
    // It is a JVM of a second, with nothing to compile twice.
    command.addAll(List.of("-J-XX:TieredStopAtLevel=1", "-J-XX:+UseSerialGC"));
    command.addAll(List.of(arguments));
    command.addAll(
        List.of(
            "-keyalg", "EC", "-groupname", "secp256r1", "-validity", "3", "-storetype", "PKCS12"));
    command.addAll(List.of("-keystore", store.toString(), "-storepass", PASSWORD));
    Path said = folder.resolve("keytool.log");
    Process process =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(said.toFile()).start();
    if (!process.waitFor(60, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      throw new IOException("keytool did not end");
    }
    if (process.exitValue() != 0) {
      throw new IOException("keytool: " + Files.readString(said));
    }
  }

  private byte[] encoded(String alias) throws IOException {
    try {
      Certificate certificate = store().getCertificate(alias);
      return certificate.getEncoded();
    } catch (GeneralSecurityException e) {
      throw new IOException(e);
    }
  }

  private byte[] key(String alias) throws IOException {
    try {
      Key key = store().getKey(alias, PASSWORD.toCharArray());
      return key.getEncoded();
    } catch (GeneralSecurityException e) {
      throw new IOException(e);
    }
  }

  private KeyStore store() throws IOException, GeneralSecurityException {
    KeyStore read = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(store)) {
      read.load(in, PASSWORD.toCharArray());
    }
    return read;
  }

  private static Path pem(Path file, String kind, byte[] encoded) throws IOException {
    String text =
        Base64.getMimeEncoder(64, "\n".getBytes(StandardCharsets.US_ASCII)).encodeToString(encoded);
    return Files.writeString(
        file, "-----BEGIN " + kind + "-----\n" + text + "\n-----END " + kind + "-----\n");
  }
}
