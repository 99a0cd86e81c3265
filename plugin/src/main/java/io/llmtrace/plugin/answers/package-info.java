/**
 * Inspects answers after the fact. Fingerprints of a question come in when it has been decided
 * about, and the answer's text when the gateway's log brings it; findings, a receipt and who
 * refused go out. Everything is bounded: memory, time, and the threads that a detector may keep.
 */
@NullMarked
package io.llmtrace.plugin.answers;

import org.jspecify.annotations.NullMarked;
