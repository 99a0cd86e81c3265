/**
 * Identity of exchanges: decision ids are made here and the ids that come back from the gateway are
 * checked here; and whose an exchange is (tenant, agent) is told here by what the gateway says of
 * it. A request or a header comes in; a ULID that this installation issued, or an {@link
 * io.llmtrace.plugin.identity.Identity}, goes out. The key lies in the data directory and is shared
 * by successive processes.
 */
@NullMarked
package io.llmtrace.plugin.identity;

import org.jspecify.annotations.NullMarked;
