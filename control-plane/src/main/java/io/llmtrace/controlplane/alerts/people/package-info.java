/** What people see of alerts and do about them: the API, and the page that a link opens. */
@NullMarked
package io.llmtrace.controlplane.alerts.people;

import org.jspecify.annotations.NullMarked;
