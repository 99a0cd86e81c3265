/**
 * Stand-ins for the services that alerts go to: Slack, PagerDuty, webhooks, Alertmanager, Teams and
 * SMTP servers. Each checks what it is sent against the service's published schema and limits,
 * answers as the service does, keeps what it took for assertions, and misbehaves where a {@link
 * io.llmtrace.testkit.sinks.Faults} says so. Real servers on ports of their own.
 */
@NullMarked
package io.llmtrace.testkit.sinks;

import org.jspecify.annotations.NullMarked;
