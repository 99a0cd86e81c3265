/**
 * Decides by policies: lays them over each other, and evaluates what comes of it for one exchange.
 */
@NullMarked
package io.llmtrace.policies.evaluate;

import org.jspecify.annotations.NullMarked;
