package io.llmtrace.controlplane.tls;

import io.dropwizard.jetty.HttpsConnectorFactory;
import io.llmtrace.runtime.config.TlsConfig;
import io.llmtrace.runtime.tls.TlsMaterial;
import java.io.IOException;
import org.eclipse.jetty.util.ssl.SslContextFactory;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The listener that speaks TLS 1.2 and 1.3, and asks clients for a certificate where an authority
 * is configured: asks, because people and Prometheus have none; {@link InstanceCertificates} turns
 * away instances without. Renewed certificates are taken up by {@link #renew}.
 */
public final class TlsConnector extends HttpsConnectorFactory {
  private static final Logger log = LoggerFactory.getLogger(TlsConnector.class);
  private static final String[] PROTOCOLS = {"TLSv1.3", "TLSv1.2"};

  private final TlsConfig tls;
  private TlsMaterial material;
  private SslContextFactory.@Nullable Server factory;

  /**
   * Reads the files.
   *
   * @throws IOException if they cannot be used; a server without its certificate must not start
   */
  public TlsConnector(String host, int port, TlsConfig tls) throws IOException {
    this.tls = tls;
    this.material = TlsMaterial.read(tls);
    setBindHost(host);
    setPort(port);
    // Who calls by an address, or through a balancer, has no name of ours to send.
    setDisableSniHostCheck(true);
  }

  @Override
  protected SslContextFactory.Server configureSslContextFactory(SslContextFactory given) {
    SslContextFactory.Server server = (SslContextFactory.Server) given;
    server.setIncludeProtocols(PROTOCOLS);
    server.setRenegotiationAllowed(false);
    server.setSniRequired(false);
    apply(server);
    factory = server;
    return server;
  }

  private void apply(SslContextFactory.Server server) {
    server.setKeyStore(material.own());
    server.setKeyStorePassword(TlsMaterial.password());
    server.setTrustStore(material.trusted());
    server.setWantClientAuth(material.trusted() != null);
  }

  /** Takes up files that have changed; connections that are open keep what they began with. */
  public void renew() {
    SslContextFactory.Server server = factory;
    try {
      if (server == null || !material.isOutdated(tls)) {
        return;
      }
      TlsMaterial read = TlsMaterial.read(tls);
      material = read;
      server.reload(changed -> apply((SslContextFactory.Server) changed));
      log.info("The certificates of the API port have changed and are in use");
    } catch (Exception e) {
      // Half of a renewal, most likely. What was read before holds until it ends.
      log.warn("The certificates of the API port cannot be read again: {}", e.getMessage());
    }
  }
}
