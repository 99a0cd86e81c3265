/**
 * YAML that people write, read as a tree whose nodes know their lines and columns. A text comes in
 * with bounds and a {@link io.llmtrace.policies.yaml.Shape}, which says what may stand where; the
 * values go out, or every problem with its place. The same shapes give the JSON Schema and the
 * reference, so that neither can say something else than the reader.
 */
@NullMarked
package io.llmtrace.policies.yaml;

import org.jspecify.annotations.NullMarked;
