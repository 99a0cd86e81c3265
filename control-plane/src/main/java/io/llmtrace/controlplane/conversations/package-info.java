/**
 * Exchanges that belong together, as the nodes that saw them say. Filters come in; conversations
 * with their exchanges, findings and cost go out. Nothing here writes.
 */
@NullMarked
package io.llmtrace.controlplane.conversations;

import org.jspecify.annotations.NullMarked;
