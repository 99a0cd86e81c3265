/**
 * TLS of the API port: in come the certificates that are configured, out go Jetty's listener and
 * the rule that instances show a certificate of theirs.
 */
@NullMarked
package io.llmtrace.controlplane.tls;

import org.jspecify.annotations.NullMarked;
