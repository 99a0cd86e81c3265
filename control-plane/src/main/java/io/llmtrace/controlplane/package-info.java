/**
 * The control plane as a process. A configuration comes in, a running service goes out. All parts
 * are put together here by hand.
 */
@NullMarked
package io.llmtrace.controlplane;

import org.jspecify.annotations.NullMarked;
