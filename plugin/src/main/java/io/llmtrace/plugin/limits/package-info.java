/**
 * Limits and budgets on traffic. Exchanges come in as the request side sees them, and completions
 * as the tap sees them; refusals go out, as answers of status 429 and as decisions. What was spent
 * lies in the data directory, so that a restart does not forget it.
 */
@NullMarked
package io.llmtrace.plugin.limits;

import org.jspecify.annotations.NullMarked;
