/**
 * Reads the definitions of tools that a model is offered, by a client or by an MCP server. An
 * {@link io.llmtrace.policies.detect.ExchangeReading} comes in, findings of the types {@code
 * mcp_tool_poisoning} and {@code mcp_shadowing} go out: hidden instructions, names that stand for
 * others, definitions that changed. What was seen before is kept by a {@link
 * io.llmtrace.policies.detect.tools.ToolMemory}, bounded and apart for each scope.
 */
@NullMarked
package io.llmtrace.policies.detect.tools;

import org.jspecify.annotations.NullMarked;
