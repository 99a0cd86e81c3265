/**
 * Who may do what for which tenants. Bearer tokens come in, a {@link
 * io.llmtrace.controlplane.access.Caller} goes to each method of a resource; what a method asks for
 * stands on it as {@link io.llmtrace.controlplane.access.Requires}.
 */
@NullMarked
package io.llmtrace.controlplane.access;

import org.jspecify.annotations.NullMarked;
