/**
 * Findings and anomalies for a SIEM. What was stored or changed of them comes in as rows of an
 * outbox; OCSF events go out by webhook, syslog or file, at least once, and wait in the database
 * while a sink is down.
 */
@NullMarked
package io.llmtrace.controlplane.siem;

import org.jspecify.annotations.NullMarked;
