package io.llmtrace.policies.wire;

/**
 * The answer to a batch that is now stored.
 *
 * @param sequence the batch's number
 * @param duplicate whether it had been stored before
 */
public record BatchAck(long sequence, boolean duplicate) {}
