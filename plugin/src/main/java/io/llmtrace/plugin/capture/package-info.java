/**
 * Content of exchanges for the routes that ask for it. Texts of requests and answers come in after
 * the exchange was decided, are redacted on a thread of their own, and go to the control plane from
 * memory: nothing of them is written to a disk, and what cannot be sent is dropped and counted.
 */
@NullMarked
package io.llmtrace.plugin.capture;

import org.jspecify.annotations.NullMarked;
