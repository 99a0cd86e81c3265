/**
 * Identity of exchanges: decision ids are made here and the ids that come back from the gateway are
 * checked here. A header comes in, a ULID that this installation issued goes out, or nothing. The
 * key lies in the data directory and is shared by successive processes.
 */
@NullMarked
package io.llmtrace.plugin.identity;

import org.jspecify.annotations.NullMarked;
