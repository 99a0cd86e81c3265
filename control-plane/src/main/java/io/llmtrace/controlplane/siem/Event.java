package io.llmtrace.controlplane.siem;

import io.llmtrace.policies.detect.Severity;

/**
 * An event on its way.
 *
 * @param at when the finding was made, epoch milliseconds
 * @param type of the finding
 * @param json OCSF, one line of ASCII
 */
record Event(long at, String type, Severity severity, String json) {}
