package io.llmtrace.policies.exchange;

import java.util.Map;

/**
 * The parts of an HTTP request that say what exchange it is.
 *
 * @param method upper-case HTTP method
 * @param path decoded path without query, as the gateway normalised it
 * @param headers by lower-case name; the last value where a header was repeated
 * @param body the bytes as the gateway read them (possibly still content-encoded); not copied, not
 *     to be changed
 */
// The body is megabytes at times and read once: a copy would cost more than the trust it buys.
@SuppressWarnings("ArrayRecordComponent")
public record RequestContent(
    String method, String path, Map<String, String> headers, byte[] body) {}
