/**
 * Gives a {@link io.llmtrace.controlplane.alerts.notice.Notice} the form that a service takes, and
 * reads what the service answers. A notice and a channel's configuration come in; a message that is
 * within the service's published limits goes out. No I/O: {@code delivery} sends.
 */
@NullMarked
package io.llmtrace.controlplane.alerts.channels;

import org.jspecify.annotations.NullMarked;
