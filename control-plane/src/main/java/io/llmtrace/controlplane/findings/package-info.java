/**
 * Findings and what people make of them. Filters come in, pages and exports go out; a state, its
 * comment and its history come in with the number of the state that they replace.
 */
@NullMarked
package io.llmtrace.controlplane.findings;

import org.jspecify.annotations.NullMarked;
