/** Ports for servers that are told where to listen before they are started. */
@NullMarked
package io.llmtrace.testkit.ports;

import org.jspecify.annotations.NullMarked;
