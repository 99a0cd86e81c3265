/**
 * The plugins that report. Snapshots come in, gauges and settings go out. The newest snapshot of a
 * node wins.
 */
@NullMarked
package io.llmtrace.controlplane.nodes;

import org.jspecify.annotations.NullMarked;
