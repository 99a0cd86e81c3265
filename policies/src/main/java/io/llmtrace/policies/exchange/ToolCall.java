package io.llmtrace.policies.exchange;

/**
 * A call that a model wants made.
 *
 * @param name the tool's name
 * @param arguments as the model wrote them: JSON, possibly cut
 * @param pointer of the arguments, see {@link Segment#pointer()}
 */
public record ToolCall(String name, String arguments, String pointer) {}
