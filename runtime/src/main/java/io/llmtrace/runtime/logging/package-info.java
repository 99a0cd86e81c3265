/**
 * The one place that sets up logging in a process. In comes the {@code logging} section and the
 * name of the process; out goes Logback on standard output, as text for people or as one JSON
 * object a line for collectors; a command whose standard output is its answer logs on the other.
 */
@NullMarked
package io.llmtrace.runtime.logging;

import org.jspecify.annotations.NullMarked;
