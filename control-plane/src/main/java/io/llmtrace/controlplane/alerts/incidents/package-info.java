/**
 * Incidents: what rules see becomes something that begins, is told, is acknowledged and ends.
 *
 * <p>{@link io.llmtrace.controlplane.alerts.incidents.IncidentMachine} decides, on a clock that it
 * is given; {@link io.llmtrace.controlplane.alerts.incidents.IncidentStore} keeps; {@link
 * io.llmtrace.controlplane.alerts.incidents.AlertDesk} does both in one transaction with what is to
 * be told.
 */
@NullMarked
package io.llmtrace.controlplane.alerts.incidents;

import org.jspecify.annotations.NullMarked;
