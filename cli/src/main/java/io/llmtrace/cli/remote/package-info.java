/**
 * What commands that ask a server with a key have in common: reading the key, the check of the
 * address, the call, and how a command ends when it cannot be done. In comes what a person gave as
 * options; out comes an answer, or one refusal with an exit code.
 */
@NullMarked
package io.llmtrace.cli.remote;

import org.jspecify.annotations.NullMarked;
