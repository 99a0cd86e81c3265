/**
 * What was stored, read back. Ids, filters and cursors come in, JSON goes out. Nothing here writes.
 */
@NullMarked
package io.llmtrace.controlplane.query;

import org.jspecify.annotations.NullMarked;
