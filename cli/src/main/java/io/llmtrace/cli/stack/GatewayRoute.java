package io.llmtrace.cli.stack;

import java.time.Duration;

/**
 * One route of the gateway, for all paths, which sends its log to the tap.
 *
 * @param id as it stands in records and metrics
 * @param conf the plugin's settings for the route, JSON
 * @param degradation whether traffic passes while the plugin is away
 * @param upstream where requests go; its prefix is put before their paths
 * @param silence how long the upstream may say nothing; a model that thinks says nothing
 */
public record GatewayRoute(
    String id, String conf, boolean degradation, UpstreamUrl upstream, Duration silence) {
  private static final int CONNECT_SECONDS = 10;

  /** The route in APISIX's standalone shape, as an item of {@code routes}. */
  String yaml(int pluginPort, String tapSecret) {
    return """
      - id: %s
        uri: /*
        plugins:
    %s      ext-plugin-post-req:
            allow_degradation: %s
            conf:
              - name: llmtrace
                value: '%s'
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
              upstream_header_time: $upstream_header_time
        upstream:
          type: roundrobin
          scheme: %s
          pass_host: node
          timeout: {connect: %d, send: 60, read: %d}
          nodes:
            - {host: '%s', port: %d, weight: 1}
    """
        .formatted(
            id,
            rewrite(),
            degradation,
            conf.replace("'", "''"),
            pluginPort,
            tapSecret,
            upstream.scheme(),
            CONNECT_SECONDS,
            silence.toSeconds(),
            upstream.host(),
            upstream.port());
  }

  private String rewrite() {
    return upstream.prefix().isEmpty()
        ? ""
        : """
              proxy-rewrite:
                regex_uri: ['^/(.*)', '%s/$1']
        """
            .formatted(upstream.prefix());
  }
}
