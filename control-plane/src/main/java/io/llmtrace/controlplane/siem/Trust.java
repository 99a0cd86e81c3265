package io.llmtrace.controlplane.siem;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/** Whom a connection trusts, and how this machine is called. Stateless. */
final class Trust {
  private Trust() {}

  /**
   * Those who sign certificates in a file, or those that Java trusts.
   *
   * @param ca PEM
   * @throws IllegalArgumentException for a file that holds none
   */
  static SSLContext of(@Nullable Path ca) {
    try {
      if (ca == null) {
        return SSLContext.getDefault();
      }
      KeyStore trusted = KeyStore.getInstance("PKCS12");
      trusted.load(null, null);
      try (InputStream in = Files.newInputStream(ca)) {
        int number = 0;
        for (Certificate each : CertificateFactory.getInstance("X.509").generateCertificates(in)) {
          trusted.setCertificateEntry("ca-" + number++, each);
        }
      }
      if (trusted.size() == 0) {
        throw new IllegalArgumentException(
            "control_plane.siem.syslog.ca: expected certificates in PEM in " + ca);
      }
      TrustManagerFactory managers = TrustManagerFactory.getInstance("PKIX");
      managers.init(trusted);
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, managers.getTrustManagers(), null);
      return context;
    } catch (IOException | GeneralSecurityException e) {
      throw new IllegalArgumentException(
          "control_plane.siem.syslog.ca: expected a file of certificates in PEM at "
              + ca
              + " ("
              + e.getMessage()
              + ")",
          e);
    }
  }

  /** The name of this machine, or the dash that syslog has for none. */
  static String hostName() {
    try {
      return InetAddress.getLocalHost().getHostName();
    } catch (UnknownHostException e) {
      LoggerFactory.getLogger(Trust.class).debug("This host does not know its own name", e);
      return "-";
    }
  }
}
