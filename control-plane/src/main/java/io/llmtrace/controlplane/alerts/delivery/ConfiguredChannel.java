package io.llmtrace.controlplane.alerts.delivery;

import io.llmtrace.controlplane.alerts.channels.Channel;
import io.llmtrace.runtime.config.ChannelConfig;

/**
 * A channel to deliver through.
 *
 * @param channel renders and judges
 * @param config what it was made of: its limits, and for mail the server
 */
public record ConfiguredChannel(Channel channel, ChannelConfig config) {}
