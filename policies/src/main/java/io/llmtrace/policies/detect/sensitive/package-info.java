/**
 * Recognises secrets and personal data: a form, a check where one exists, and the words around it.
 * A {@link io.llmtrace.policies.detect.SegmentReading} comes in; findings go out whose rule is the
 * kind, whose span is the value alone and whose evidence never shows it. {@link
 * io.llmtrace.policies.detect.sensitive.SensitiveKinds} lists what is known, {@link
 * io.llmtrace.policies.detect.sensitive.SensitiveSettings} says what is looked for.
 */
@NullMarked
package io.llmtrace.policies.detect.sensitive;

import org.jspecify.annotations.NullMarked;
