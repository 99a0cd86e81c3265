/**
 * {@code gateway}: puts LLMTrace on a route of Apache APISIX and takes it off again. A route comes
 * from the gateway's Admin API; a merge patch of the plugins that concern us goes back, or is
 * printed.
 */
@NullMarked
package io.llmtrace.cli.gateway;

import org.jspecify.annotations.NullMarked;
