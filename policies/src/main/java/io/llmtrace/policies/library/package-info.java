/** The ready policies that ship with the program, as texts: a name comes in, YAML goes out. */
@NullMarked
package io.llmtrace.policies.library;

import org.jspecify.annotations.NullMarked;
