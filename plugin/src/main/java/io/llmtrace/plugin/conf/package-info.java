/**
 * Route configuration: what a gateway's route says in its {@code conf}, parsed once. The gateway's
 * PrepareConf calls come in, stable tokens go out, and each later call finds its {@link
 * io.llmtrace.plugin.conf.RouteConf} by token. The table of tokens is kept in a file, so that
 * successive processes know each other's tokens.
 */
@NullMarked
package io.llmtrace.plugin.conf;

import org.jspecify.annotations.NullMarked;
