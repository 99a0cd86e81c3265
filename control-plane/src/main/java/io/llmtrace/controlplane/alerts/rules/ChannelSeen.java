package io.llmtrace.controlplane.alerts.rules;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * How the delivery through one channel goes.
 *
 * @param channel its name
 * @param failingSince first failure after the last success, or null where it does not fail
 * @param parked messages that were given up and that nobody has looked at since
 * @param oldest of the messages that wait, or null where none does
 */
public record ChannelSeen(
    String channel, @Nullable Instant failingSince, long parked, @Nullable Instant oldest) {}
