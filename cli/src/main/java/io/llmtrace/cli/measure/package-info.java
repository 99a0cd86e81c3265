/**
 * What benches and soaks measure with: texts to send, and what they make of measured values.
 * Samples and rounds come in; medians, growth and rounded figures go out.
 */
@NullMarked
package io.llmtrace.cli.measure;

import org.jspecify.annotations.NullMarked;
