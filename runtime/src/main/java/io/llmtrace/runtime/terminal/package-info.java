/** Whether somebody looks at what a process prints. */
@NullMarked
package io.llmtrace.runtime.terminal;

import org.jspecify.annotations.NullMarked;
