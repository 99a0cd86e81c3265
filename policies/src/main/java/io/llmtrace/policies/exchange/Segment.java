package io.llmtrace.policies.exchange;

/**
 * One piece of text of an exchange.
 *
 * @param zone where it stands in the conversation
 * @param role the role as the client wrote it, or an empty string where the dialect has none
 * @param pointer RFC 6901 JSON Pointer to the string in the body; empty for a body that is no JSON
 * @param text the decoded text, never null
 */
public record Segment(Zone zone, String role, String pointer, String text) {}
