/**
 * POSTs that are done once however often they are sent. A request and the work that it asks for
 * come in; the answer goes out, of the work or kept of it.
 */
@NullMarked
package io.llmtrace.controlplane.idempotency;

import org.jspecify.annotations.NullMarked;
