/**
 * Alerts on their way: a transactional outbox, workers of all replicas, and the two ways out, HTTP
 * and SMTP, that go nowhere they should not.
 */
@NullMarked
package io.llmtrace.controlplane.alerts.delivery;

import org.jspecify.annotations.NullMarked;
