package io.llmtrace.policies.exchange;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a model said, free of the dialect and of whether it was streamed. Immutable.
 *
 * @param segments texts of the zones {@link Zone#ASSISTANT} and {@link Zone#TOOL_CALL}; of an MCP
 *     server also {@link Zone#TOOL_RESULT}, {@link Zone#DOCUMENT} and {@link Zone#METADATA}. The
 *     pointer of a streamed text is the one that it would have in an answer that is not
 * @param toolCalls the calls in the order of the answer
 * @param refusedByProvider whether the answer says in its structure that it was refused or filtered
 * @param finishReason as the provider wrote it, or null
 * @param truncated whether the body ends before the answer does
 * @param uninspectedParts parts that hold no text we can read
 */
public record Answer(
    List<Segment> segments,
    List<ToolCall> toolCalls,
    boolean refusedByProvider,
    @Nullable String finishReason,
    boolean truncated,
    int uninspectedParts) {
  public Answer {
    segments = List.copyOf(segments);
    toolCalls = List.copyOf(toolCalls);
  }
}
