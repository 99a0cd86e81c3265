/**
 * The types that plugin and control plane exchange as JSON, and their one mapper. A record that was
 * written by an older or newer release must still be readable: fields are added, never repurposed,
 * and unknown ones are ignored.
 */
@NullMarked
package io.llmtrace.policies.wire;

import org.jspecify.annotations.NullMarked;
