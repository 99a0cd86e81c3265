package io.llmtrace.cli.doctor;

import io.llmtrace.cli.doctor.Check.Side;
import io.llmtrace.runtime.config.TlsConfig;
import io.llmtrace.runtime.tls.TlsMaterial;
import java.io.IOException;
import java.security.KeyStore;
import java.security.KeyStoreException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;

/** Whether the certificates of TLS can be used at the next start. Stateless. */
final class Certificates {
  /** Of a certificate's life, and at most a week: whoever renews by itself has done so by then. */
  private static final int LAST_PART = 10;

  private static final Duration SOON = Duration.ofDays(7);

  private static final String CONTROL_PLANE = "control_plane.tls";

  private Certificates() {}

  static void look(Deployment deployment, Findings findings) {
    if (deployment.side() != Side.CONTROL_PLANE) {
      TlsConfig tls = deployment.config().plugin().controlPlaneTls();
      look(deployment, "plugin.control_plane_tls", tls, findings);
    }
    if (deployment.side() != Side.PLUGIN) {
      TlsConfig tls = deployment.config().controlPlane().tls();
      look(deployment, CONTROL_PLANE, tls, findings);
    }
  }

  private static void look(
      Deployment deployment, String section, TlsConfig tls, Findings findings) {
    String mend = "mend " + section + " in " + deployment.fileName();
    try {
      KeyStore own = TlsMaterial.read(tls).own();
      if (own != null && own.getCertificate("own") instanceof X509Certificate certificate) {
        validity(deployment, section, certificate, mend, findings);
      }
    } catch (IOException e) {
      // What the plugin cannot read "control_plane" tells, which asks with it.
      if (section.equals(CONTROL_PLANE)) {
        findings.error(section + ": " + e.getMessage(), mend);
      }
    } catch (KeyStoreException e) {
      throw new IllegalStateException("a key store in memory is there", e);
    }
  }

  private static void validity(
      Deployment deployment,
      String section,
      X509Certificate certificate,
      String mend,
      Findings findings) {
    Instant now = deployment.clock().instant();
    Instant end = certificate.getNotAfter().toInstant();
    String what =
        section + ": the certificate of " + certificate.getSubjectX500Principal().getName();
    if (now.isBefore(certificate.getNotBefore().toInstant())) {
      findings.error(
          what + " is not valid before " + certificate.getNotBefore().toInstant(),
          "look at this machine's clock, or " + mend);
    } else if (now.isAfter(end)) {
      findings.error(what + " ran out at " + end, mend);
    } else if (now.plus(soon(certificate)).isAfter(end)) {
      findings.warning(
          what + " runs out at " + end + ", in " + Duration.between(now, end).toHours() + " hours",
          "renew it; files that are replaced are taken without a restart");
    }
  }

  private static Duration soon(X509Certificate certificate) {
    Duration life =
        Duration.between(
            certificate.getNotBefore().toInstant(), certificate.getNotAfter().toInstant());
    Duration part = life.dividedBy(LAST_PART);
    return part.compareTo(SOON) < 0 ? part : SOON;
  }
}
