/**
 * The plugin's own HTTP port on loopback: health, metrics, the tap and the inspection of single
 * texts and of requests that a gateway holds. Requests come in, JSON or Prometheus text goes out,
 * every refusal as an RFC 9457 problem. What an endpoint does is decided elsewhere and handed in.
 */
@NullMarked
package io.llmtrace.plugin.local;

import org.jspecify.annotations.NullMarked;
