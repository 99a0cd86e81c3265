/**
 * The A6 host on a Unix socket: the gateway's frames come in, {@link
 * io.llmtrace.plugin.gateway.GatewayRequest}s go to an {@link
 * io.llmtrace.plugin.gateway.ExchangeHandler}, and exactly one {@link
 * io.llmtrace.plugin.gateway.Answer} to each call goes back. Nothing here judges content, and
 * nothing blocks an event loop. Taking over from an older process, and giving way to a newer one,
 * is done here too.
 */
@NullMarked
package io.llmtrace.plugin.gateway;

import org.jspecify.annotations.NullMarked;
