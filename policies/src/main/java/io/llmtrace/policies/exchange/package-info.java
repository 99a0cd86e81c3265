/**
 * The exchange model: what a client said to a model, whatever API it used. Bytes of a request (or
 * of a response) come in, an {@link io.llmtrace.policies.exchange.Exchange} of zoned segments goes
 * out. Nothing here judges content and nothing here does I/O.
 */
@NullMarked
package io.llmtrace.policies.exchange;

import org.jspecify.annotations.NullMarked;
