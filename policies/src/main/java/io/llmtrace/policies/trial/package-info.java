/**
 * Policies tried out: test cases beside a policy, in YAML, and single exchanges for {@code policy
 * explain}. A case comes in; what the real reader, the real detectors and the real engine make of
 * it goes out, with what differs from what was expected.
 */
@NullMarked
package io.llmtrace.policies.trial;

import org.jspecify.annotations.NullMarked;
