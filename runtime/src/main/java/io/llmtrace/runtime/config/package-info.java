/**
 * The one place that reads {@code llmtrace.yaml}. In comes a file and the environment; out goes a
 * {@link io.llmtrace.runtime.config.LlmtraceConfig} in which every value has its type and lies in
 * its range. A file that does not say what it means is refused whole, with every problem at once.
 */
@NullMarked
package io.llmtrace.runtime.config;

import org.jspecify.annotations.NullMarked;
