/**
 * Names of OpenTelemetry's semantic conventions beside ours. A name of theirs comes in and ours
 * goes out, or the other way; what sends spans and what takes them go by one table.
 */
@NullMarked
package io.llmtrace.controlplane.semconv;

import org.jspecify.annotations.NullMarked;
