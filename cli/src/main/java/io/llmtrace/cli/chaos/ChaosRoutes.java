package io.llmtrace.cli.chaos;

import io.llmtrace.cli.stack.StackFiles;
import java.io.IOException;

/** The gateway's routes in APISIX's standalone shape. Stateless. */
final class ChaosRoutes {
  /** Holds a slow provider, and is shorter than what a client waits. */
  private static final int SILENCE_SECONDS = 10;

  private ChaosRoutes() {}

  /**
   * A route by the first part of its path.
   *
   * @param degradation whether traffic passes while the plugin is away
   * @param logPort where its log goes
   * @param provider port of the provider
   */
  static String route(
      String id, String tenant, boolean degradation, int logPort, StackFiles files, int provider)
      throws IOException {
    return """
      - id: %1$s
        uri: /%1$s/*
        plugins:
          ext-plugin-post-req:
            allow_degradation: %2$s
            conf:
              - {name: llmtrace, value: '{"mode":"enforce","budget_ms":2000,"tenant":"%3$s"}'}
          http-logger:
            uri: http://127.0.0.1:%4$d/tap
            auth_header: Bearer %5$s
            include_resp_body: true
            batch_max_size: 20
            inactive_timeout: 1
            buffer_duration: 2
            max_retry_count: 60
            retry_delay: 1
            log_format_extra:
              request_id: $request_id
              upstream_status: $upstream_status
              upstream_header_time: $upstream_header_time
        upstream:
          timeout: {connect: 2, send: 60, read: %6$d}
          nodes:
            "127.0.0.1:%7$d": 1
    """
        .formatted(id, degradation, tenant, logPort, files.tapSecret(), SILENCE_SECONDS, provider);
  }
}
