/**
 * TLS between the processes: in come PEM files, out go key stores and contexts of JSSE, made again
 * when the files change.
 */
@NullMarked
package io.llmtrace.runtime.tls;

import org.jspecify.annotations.NullMarked;
