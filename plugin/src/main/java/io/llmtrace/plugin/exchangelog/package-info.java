/**
 * What the log tells of an exchange, level by level: findings (info), what was asked and decided
 * (debug), bodies and inference (trace). In come records and bodies, after the client has its
 * answer; out go lines. Texts of clients and providers stand in them at trace alone, masked unless
 * {@code logging.bodies} says {@code full}.
 */
@NullMarked
package io.llmtrace.plugin.exchangelog;

import org.jspecify.annotations.NullMarked;
