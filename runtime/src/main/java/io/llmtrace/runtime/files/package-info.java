/**
 * Small files that only their owner may read: keys, secrets, tables of tokens. In comes a path and
 * bytes; out goes a file that is there whole or not at all, with mode 0600 from its first byte.
 */
@NullMarked
package io.llmtrace.runtime.files;

import org.jspecify.annotations.NullMarked;
