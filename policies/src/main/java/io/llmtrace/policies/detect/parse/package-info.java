/**
 * Small readers that several detectors need: strings of a JSON document, fenced code, web
 * addresses, words and their fingerprints, refusals. A {@link io.llmtrace.policies.detect.TextView}
 * or a string comes in, its parts with their place in the original go out. Nothing here judges, and
 * every loop is linear.
 */
@NullMarked
package io.llmtrace.policies.detect.parse;

import org.jspecify.annotations.NullMarked;
