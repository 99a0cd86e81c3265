/**
 * The policies in force on this node: bundles of the control plane, accepted, kept on disk, and
 * swapped between two requests.
 */
@NullMarked
package io.llmtrace.plugin.policies;

import org.jspecify.annotations.NullMarked;
