/**
 * What instances go by: the versions of policies that hold, sealed for each instance, and asked for
 * with a request that waits for a change.
 */
@NullMarked
package io.llmtrace.controlplane.bundles;

import org.jspecify.annotations.NullMarked;
