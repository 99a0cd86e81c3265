/**
 * Sums over exchanges by hour and day: requests, errors, tokens, cost, findings, actions and
 * latency, by tenant, route, consumer, agent, model and finding. In: what each transaction of
 * ingest stored, written to a journal in the same transaction. Out: answers to questions about
 * months, from rollups that one replica at a time folds the journal into, and from packs of these.
 */
@NullMarked
package io.llmtrace.controlplane.statistics;

import org.jspecify.annotations.NullMarked;
