/**
 * {@code policy}: what people do with policy files before anything runs by them. Files come in;
 * problems with file, line and column, results of tests and explanations go out. No process is
 * started and nobody is asked.
 */
@NullMarked
package io.llmtrace.cli.policy;

import org.jspecify.annotations.NullMarked;
