/**
 * The records that plugin and control plane exchange as JSON. A record that was written by an older
 * or newer release must still be readable: fields are added, never repurposed, and unknown ones are
 * ignored. What they say to each other about limits and prices is with the {@code limit}s and the
 * {@code usage} that it is about, under the same rule.
 */
@NullMarked
package io.llmtrace.policies.wire;

import org.jspecify.annotations.NullMarked;
