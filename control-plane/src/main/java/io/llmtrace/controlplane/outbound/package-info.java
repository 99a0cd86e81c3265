/**
 * The way out to addresses that a configuration names. A target comes in, and nothing is sent to
 * one that is private or reserved unless its host is allowed; names that answer differently the
 * second time gain nothing. What goes to a webhook can be signed.
 */
@NullMarked
package io.llmtrace.controlplane.outbound;

import org.jspecify.annotations.NullMarked;
