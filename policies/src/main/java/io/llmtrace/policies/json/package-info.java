/**
 * The one JSON mapper, with which the kernel and both processes read and write what is theirs:
 * policies, spool files, and all that they say to each other.
 */
@NullMarked
package io.llmtrace.policies.json;

import org.jspecify.annotations.NullMarked;
