/**
 * The response tap. Batches of the gateway's {@code http-logger} come in, one completion record for
 * each exchange goes out to telemetry; an entry that carries no id of ours becomes an uninspected
 * exchange. Credentials are never read.
 */
@NullMarked
package io.llmtrace.plugin.tap;

import org.jspecify.annotations.NullMarked;
