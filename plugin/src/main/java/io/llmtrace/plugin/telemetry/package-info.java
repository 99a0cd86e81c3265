/**
 * Telemetry of the plugin: {@link io.llmtrace.policies.wire.TelemetryRecord}s come in and are on
 * disk before the call returns; numbered batches go out to the control plane until each is
 * acknowledged. What could not be kept is counted and reported as a {@link
 * io.llmtrace.policies.wire.LossRecord}. Snapshots of the node travel beside them and are never
 * spooled.
 */
@NullMarked
package io.llmtrace.plugin.telemetry;

import org.jspecify.annotations.NullMarked;
