/**
 * What benches and soaks make of measured values. Samples and rounds come in; medians, growth and
 * rounded figures go out.
 */
@NullMarked
package io.llmtrace.cli.measure;

import org.jspecify.annotations.NullMarked;
