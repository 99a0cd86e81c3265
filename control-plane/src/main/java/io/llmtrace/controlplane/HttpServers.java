package io.llmtrace.controlplane;

import io.dropwizard.core.server.DefaultServerFactory;
import io.dropwizard.jetty.ConnectorFactory;
import io.dropwizard.jetty.HttpConnectorFactory;
import io.dropwizard.request.logging.LogbackAccessRequestLogFactory;
import io.llmtrace.runtime.config.ControlPlaneConfig;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The ports of the service. */
final class HttpServers {
  private HttpServers() {}

  /**
   * The API's port and the one that only this machine reaches.
   *
   * @param tls the API's port where it speaks TLS, else null
   */
  static DefaultServerFactory factory(ControlPlaneConfig own, @Nullable ConnectorFactory tls) {
    DefaultServerFactory factory = new DefaultServerFactory();
    factory.setApplicationConnectors(
        List.of(tls == null ? connector(own.bind(), own.port()) : tls));
    factory.setAdminConnectors(List.of(connector("127.0.0.1", own.adminPort())));
    factory.setRegisterDefaultExceptionMappers(false);
    // Ingest bounds what it unpacks, so nothing may unpack before it.
    factory.getGzipFilterFactory().setEnabled(false);
    LogbackAccessRequestLogFactory silent = new LogbackAccessRequestLogFactory();
    silent.setAppenders(List.of());
    factory.setRequestLogFactory(silent);
    return factory;
  }

  private static ConnectorFactory connector(String host, int port) {
    HttpConnectorFactory connector = new HttpConnectorFactory();
    connector.setBindHost(host);
    connector.setPort(port);
    return connector;
  }
}
