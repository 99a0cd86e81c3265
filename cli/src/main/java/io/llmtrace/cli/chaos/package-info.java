/**
 * {@code chaos}: the fault matrix. A whole stack runs as processes of its own under open-loop
 * traffic; one fault after another is put into it, and what became of every request is compared
 * with what the fault's expectation says. Faults and expectations are data ({@link
 * io.llmtrace.cli.chaos.Faults}); a table and JSON come out.
 */
@NullMarked
package io.llmtrace.cli.chaos;

import org.jspecify.annotations.NullMarked;
