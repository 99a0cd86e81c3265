/**
 * Use that is out of the ordinary: more cost, tokens, requests, errors or findings in an hour than
 * the same hours of the weeks before, and models that were not used before. In: sums by hour, of
 * tenants, agents and models. Out: anomalies, which people work on as on findings.
 *
 * <p>{@link io.llmtrace.controlplane.anomalies.SeriesWatch} and what it uses know no database.
 */
@NullMarked
package io.llmtrace.controlplane.anomalies;

import org.jspecify.annotations.NullMarked;
