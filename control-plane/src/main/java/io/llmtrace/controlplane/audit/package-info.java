/**
 * Who changed what. A change comes in with the transaction that makes it, a row of a hash chain
 * goes out with that transaction or not at all.
 */
@NullMarked
package io.llmtrace.controlplane.audit;

import org.jspecify.annotations.NullMarked;
