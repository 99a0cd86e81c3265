/**
 * Tenants: what they are called, whether they are active, and which instance may report for which.
 */
@NullMarked
package io.llmtrace.controlplane.tenants;

import org.jspecify.annotations.NullMarked;
