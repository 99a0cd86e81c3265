/**
 * Looks at what happened lately and says which alert rules hold. Comes in: recent sums, the newest
 * report of each node, budgets, anomalies and channels. Goes out: an {@link
 * io.llmtrace.controlplane.alerts.rules.Observation} for each rule and what it is about. Nothing in
 * here knows whether an incident is open: what is kept of one, and for how long a rule must hold
 * before it is one, is applied by who reads the observations.
 */
@NullMarked
package io.llmtrace.controlplane.alerts.rules;

import org.jspecify.annotations.NullMarked;
