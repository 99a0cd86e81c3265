/**
 * Captured content. Texts come in from plugins and are encrypted before they reach the database,
 * each row under a key of its own that a {@link io.llmtrace.controlplane.content.KeyEncryption}
 * wraps; they come out one exchange at a time, to whoever may and says why, and every read is in
 * the audit.
 */
@NullMarked
package io.llmtrace.controlplane.content;

import org.jspecify.annotations.NullMarked;
