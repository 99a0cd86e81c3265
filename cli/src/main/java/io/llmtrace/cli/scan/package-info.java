/**
 * {@code scan}: texts come in as lines of JSON, a verdict on each goes out as a line of JSON, in
 * the same order.
 */
@NullMarked
package io.llmtrace.cli.scan;

import org.jspecify.annotations.NullMarked;
