package io.llmtrace.controlplane.alerts.delivery;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * How a channel does, over all replicas, as the database has it.
 *
 * @param channel its name
 * @param failingSince when the first of the attempts was that have failed since the last delivery;
 *     null while the last attempt was one
 * @param lastError of the last failed attempt, without targets and secrets; null like {@code
 *     failingSince}
 * @param waiting notices that are still to be told
 * @param oldestWaiting when the oldest of them was added, or null
 * @param parked notices that were given up and that nobody has tried again
 */
public record ChannelHealth(
    String channel,
    @Nullable Instant failingSince,
    @Nullable String lastError,
    long waiting,
    @Nullable Instant oldestWaiting,
    long parked) {}
