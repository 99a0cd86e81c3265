/** The ids of exchanges, findings and whatever else is stored: sortable by time, never guessed. */
@NullMarked
package io.llmtrace.policies.id;

import org.jspecify.annotations.NullMarked;
