/**
 * Reads what a model wants done: arguments of tool calls, and commands in the code of its answers.
 * {@link io.llmtrace.policies.detect.SegmentReading}s come in, findings of the types {@code
 * shell_injection}, {@code sql_injection}, {@code ssrf_attempt}, {@code path_traversal} and {@code
 * data_exfiltration} go out. Small parsers and not patterns: a command is taken apart as its shell
 * would, and severity follows from what it does and from the argument it stands in.
 */
@NullMarked
package io.llmtrace.policies.detect.action;

import org.jspecify.annotations.NullMarked;
