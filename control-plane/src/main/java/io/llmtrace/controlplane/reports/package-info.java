/**
 * Reports for auditors: what is stored about a tenant and a time, by the controls of a framework.
 * In: sums, findings' states, anomalies, keys, audit, holds, erasures, and a mapping of controls to
 * these. Out: JSON, or a page to print. A report says what there is to see; it judges nobody.
 */
@NullMarked
package io.llmtrace.controlplane.reports;

import org.jspecify.annotations.NullMarked;
