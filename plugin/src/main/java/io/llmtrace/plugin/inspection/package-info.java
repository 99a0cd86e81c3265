/**
 * The inspection of one exchange: a {@link io.llmtrace.plugin.gateway.GatewayRequest} comes in, an
 * {@link io.llmtrace.plugin.gateway.Answer} and one {@link
 * io.llmtrace.policies.wire.InspectionRecord} go out, within the route's budget. Work is done on a
 * bounded pool behind the {@code analysis} breaker; what could not be looked at is counted with its
 * reason. Both hosts, our own and the stock runner's filter, share it.
 */
@NullMarked
package io.llmtrace.plugin.inspection;

import org.jspecify.annotations.NullMarked;
