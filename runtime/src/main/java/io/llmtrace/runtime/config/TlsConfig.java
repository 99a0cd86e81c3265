package io.llmtrace.runtime.config;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Files of TLS, all PEM, read when a connection needs them and not when the configuration is.
 * Either certificate and key are both there, or neither.
 *
 * @param certificate own certificate, then those between it and a root; {@code null} shows none
 * @param privateKey key of the certificate, PKCS#8 without a password
 * @param authority certificates of those who may have issued the other side's; {@code null} asks a
 *     client for none, and takes a server of those that Java trusts
 */
public record TlsConfig(
    @Nullable Path certificate, @Nullable Path privateKey, @Nullable Path authority) {
  private static final TlsConfig NONE = new TlsConfig(null, null, null);

  /** Nothing is configured: a server speaks plain HTTP, a client takes Java's defaults. */
  public static TlsConfig none() {
    return NONE;
  }

  /** Whether there is anything configured. */
  public boolean isPresent() {
    return certificate != null || authority != null;
  }

  /** Reads {@code control_plane.tls}. */
  static TlsConfig ofServer(ConfigSection section) {
    TlsConfig tls = read(section, "client_ca");
    if (tls.authority != null && tls.certificate == null) {
      section.problem("client_ca", "expected certificate and private_key beside it");
    }
    section.finish();
    return tls;
  }

  /** Reads {@code plugin.control_plane_tls}. */
  static TlsConfig ofClient(ConfigSection section) {
    TlsConfig tls = read(section, "ca");
    section.finish();
    return tls;
  }

  private static TlsConfig read(ConfigSection section, String authority) {
    TlsConfig tls =
        new TlsConfig(
            section.optionalPath("certificate"),
            section.optionalPath("private_key"),
            section.optionalPath(authority));
    if ((tls.certificate == null) != (tls.privateKey == null)) {
      section.problem(
          tls.certificate == null ? "private_key" : "certificate",
          "expected certificate and private_key together");
      return none();
    }
    return tls;
  }
}
