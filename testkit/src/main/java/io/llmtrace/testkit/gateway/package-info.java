/**
 * An HTTP/1.1 reverse proxy that speaks A6 to a plugin runner as APISIX 3.18 does, faults included.
 * A standalone route file and HTTP requests come in; proxied answers and http-logger batches go
 * out. It exists so that tests and the demo take the path that production takes.
 */
@NullMarked
package io.llmtrace.testkit.gateway;

import org.jspecify.annotations.NullMarked;
