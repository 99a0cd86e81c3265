/**
 * Many rows in one answer. Rows come in one by one and go out as lines, packed if asked for; no
 * list of them is ever held.
 */
@NullMarked
package io.llmtrace.controlplane.export;

import org.jspecify.annotations.NullMarked;
