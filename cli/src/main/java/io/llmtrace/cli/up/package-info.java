/**
 * The stack in front of a real provider, for clients of which only the base URL changes. In come
 * the provider's address and the options of the command; out go a running stack, lines on what to
 * set, and an exit when one of its parts ends.
 */
@NullMarked
package io.llmtrace.cli.up;

import org.jspecify.annotations.NullMarked;
