/**
 * Redaction of documents. A body's bytes come in with the segments that were read in it and the
 * findings on them; the body with typed placeholders in their place goes out, all other bytes as
 * they were, or the reason why that cannot be done safely. What placeholders stand for can be put
 * back into an answer. No I/O.
 */
@NullMarked
package io.llmtrace.policies.redact;

import org.jspecify.annotations.NullMarked;
