/**
 * {@code bench}: measures the shipped engine. Labelled texts or nothing come in, figures go out as
 * a table, as JSON and as the scorecard page.
 */
@NullMarked
package io.llmtrace.cli.bench;

import org.jspecify.annotations.NullMarked;
