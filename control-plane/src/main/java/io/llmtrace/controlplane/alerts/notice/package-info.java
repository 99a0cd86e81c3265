/** What is told of an incident, before any channel gives it its own form. */
@NullMarked
package io.llmtrace.controlplane.alerts.notice;

import org.jspecify.annotations.NullMarked;
