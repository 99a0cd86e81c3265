/**
 * PostgreSQL, embedded or by address. A configuration comes in, a migrated and probed database goes
 * out. Everything slow happens in the background, so that the service answers from its first
 * moment.
 */
@NullMarked
package io.llmtrace.controlplane.storage;

import org.jspecify.annotations.NullMarked;
