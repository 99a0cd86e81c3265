package io.llmtrace.controlplane.policies;

import org.jspecify.annotations.Nullable;

/**
 * A policy without its versions.
 *
 * @param tenant whose; null is everybody's
 * @param standard whether it is the layer of all routes of its tenant
 * @param newest version
 * @param revision of the last change of anything but activations, for {@code If-Match}
 * @param createdAt epoch milliseconds
 */
record PolicyRow(
    String id,
    @Nullable String tenant,
    String name,
    boolean standard,
    int newest,
    long revision,
    long createdAt,
    boolean archived) {}
