/**
 * What models cost: the shipped table, the file's, and what somebody said. Prices go to plugins,
 * which make costs of them.
 */
@NullMarked
package io.llmtrace.controlplane.prices;

import org.jspecify.annotations.NullMarked;
