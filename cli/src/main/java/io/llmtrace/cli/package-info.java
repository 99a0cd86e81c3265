/**
 * The commands behind the root script {@code ./llmtrace}. In come arguments; out go the started
 * process, or an answer on standard output, problems on standard error and an exit code: 0 done, 1
 * not as expected, 2 wrong usage or a refused configuration. Nothing of the product's behaviour
 * lives here.
 */
@NullMarked
package io.llmtrace.cli;

import org.jspecify.annotations.NullMarked;
