/** Certificates for tests: an authority and what it issues, made when they are needed, as PEM. */
@NullMarked
package io.llmtrace.testkit.tls;

import org.jspecify.annotations.NullMarked;
