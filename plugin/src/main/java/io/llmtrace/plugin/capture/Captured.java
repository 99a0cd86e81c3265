package io.llmtrace.plugin.capture;

import io.llmtrace.plugin.conf.CaptureConf;

/**
 * An exchange whose content is kept.
 *
 * @param tenant whose it is, as its record says
 */
public record Captured(
    String decisionId,
    String tenant,
    String route,
    String consumer,
    String agent,
    CaptureConf conf) {}
