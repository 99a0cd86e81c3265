/**
 * Policies: their versions, which never change, and their activations, the newest of which says
 * what holds. Callers change them; bundles take from here what instances are given.
 */
@NullMarked
package io.llmtrace.controlplane.policies;

import org.jspecify.annotations.NullMarked;
