package io.llmtrace.controlplane;

import com.codahale.metrics.MetricRegistry;
import com.codahale.metrics.health.HealthCheckRegistry;
import io.dropwizard.core.Configuration;
import io.dropwizard.core.server.DefaultServerFactory;
import io.dropwizard.core.setup.Environment;
import io.dropwizard.jersey.validation.Validators;
import io.dropwizard.jetty.ConnectorFactory;
import io.dropwizard.jetty.HttpConnectorFactory;
import io.dropwizard.request.logging.LogbackAccessRequestLogFactory;
import io.llmtrace.controlplane.storage.Storage;
import io.llmtrace.policies.json.WireJson;
import io.llmtrace.runtime.config.ControlPlaneConfig;
import jakarta.servlet.DispatcherType;
import java.util.EnumSet;
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

  /** What Dropwizard runs on these ports, empty but for the check of the storage. */
  static Environment environment(
      DefaultServerFactory factory, MetricRegistry metrics, Storage storage) {
    Configuration configuration = new Configuration();
    configuration.setServerFactory(factory);
    HealthCheckRegistry checks = new HealthCheckRegistry();
    checks.register("storage", new StorageCheck(storage));
    Environment environment =
        new Environment(
            "llmtrace-control-plane",
            WireJson.mapper().copy(),
            Validators.newValidatorFactory(),
            metrics,
            HttpServers.class.getClassLoader(),
            checks,
            configuration);
    environment
        .admin()
        .addFilter("looks", new AdminPort())
        .addMappingForUrlPatterns(EnumSet.of(DispatcherType.REQUEST), false, "/*");
    factory.configure(environment);
    return environment;
  }

  private static ConnectorFactory connector(String host, int port) {
    HttpConnectorFactory connector = new HttpConnectorFactory();
    connector.setBindHost(host);
    connector.setPort(port);
    return connector;
  }
}
