/**
 * The nodes that report, for people: how each does, by what every replica stored of it. Nothing
 * here writes.
 */
@NullMarked
package io.llmtrace.controlplane.instances;

import org.jspecify.annotations.NullMarked;
