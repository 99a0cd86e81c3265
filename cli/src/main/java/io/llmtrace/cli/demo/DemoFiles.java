package io.llmtrace.cli.demo;

import io.llmtrace.runtime.files.PrivateFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The files of one demo under one temporary directory: a configuration for each process, and the
 * gateway's routes. The control plane keeps its port over a restart; the plugin's is fixed too,
 * because the gateway's http-logger is told it.
 *
 * @param directory everything lies below it
 */
record DemoFiles(Path directory) {

  Path controlPlaneConfig() {
    return directory.resolve("control-plane.yaml");
  }

  Path pluginConfig() {
    return directory.resolve("plugin.yaml");
  }

  Path routes() {
    return directory.resolve("apisix.yaml");
  }

  Path socket() {
    return directory.resolve("runner.sock");
  }

  Path adminKey() {
    return directory.resolve("control-plane/initial-admin.key");
  }

  Path instanceKey() {
    return directory.resolve("control-plane/initial-instance.key");
  }

  Path log(String process) {
    return directory.resolve(process + ".log");
  }

  void writeControlPlane(int port, int adminPort) throws IOException {
    Files.writeString(
        controlPlaneConfig(),
        """
        logging: {level: info, format: json}
        control_plane:
          port: %d
          admin_port: %d
          data_directory: %s
        """
            .formatted(port, adminPort, quoted(directory.resolve("control-plane"))));
  }

  /**
   * Writes the plugin's file and its secret.
   *
   * <p>The budget is wider than in production: a demo starts on a cold JVM, and often on a machine
   * that builds at the same time.
   */
  void writePlugin(int port, int controlPlanePort, String tapSecret) throws IOException {
    Path secret = directory.resolve("tap.secret");
    PrivateFiles.write(secret, tapSecret);
    Files.writeString(
        pluginConfig(),
        """
        logging: {level: info, format: json}
        circuit_breaker: {recovery_timeout_ms: 2000}
        plugin:
          node: demo
          socket: %s
          data_directory: %s
          control_plane_url: http://127.0.0.1:%d
          api_key: %s
          port: %d
          tap_secret: %s
          budget_ms: 2000
          report_interval_ms: 1000
          spool: {flush_interval_ms: 200}
          answers: {budget_ms: 2000}
        """
            .formatted(
                quoted(socket()),
                quoted(directory.resolve("plugin")),
                controlPlanePort,
                "'file:" + instanceKey() + "'",
                port,
                "'file:" + secret + "'"));
  }

  /** Writes one route of the standalone shape, which enforces and sends its log to the tap. */
  void writeRoutes(int pluginPort, String tapSecret, String upstream) throws IOException {
    PrivateFiles.write(
        routes(),
        """
        routes:
          - id: demo
            uri: /v1/*
            plugins:
              ext-plugin-post-req:
                allow_degradation: false
                conf:
                  - name: llmtrace
                    value: '{"mode":"enforce","budget_ms":2000}'
              http-logger:
                uri: http://127.0.0.1:%d/tap
                auth_header: Bearer %s
                include_resp_body: true
                batch_max_size: 20
                inactive_timeout: 1
                max_retry_count: 60
                retry_delay: 1
                log_format_extra:
                  request_id: $request_id
                  upstream_status: $upstream_status
            upstream:
              type: roundrobin
              nodes:
                "%s": 1
        #END
        """
            .formatted(pluginPort, tapSecret, upstream));
  }

  private static String quoted(Path path) {
    return "'" + path.toString().replace("'", "''") + "'";
  }
}
