package io.llmtrace.controlplane.access;

/**
 * Where a request came from, as the audit writes it.
 *
 * @param address IP address of the connection
 * @param userAgent as sent, at most 200 characters; empty when none was
 * @param requestId as sent in {@code X-Request-Id}, else made here
 */
public record Origin(String address, String userAgent, String requestId) {}
