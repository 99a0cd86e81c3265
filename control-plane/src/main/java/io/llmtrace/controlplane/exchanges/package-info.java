/**
 * Exchanges, read back. Filters come in, pages and exports of exchanges go out; all are bounded to
 * the caller's tenants. Nothing here writes.
 */
@NullMarked
package io.llmtrace.controlplane.exchanges;

import org.jspecify.annotations.NullMarked;
