/**
 * From configuration to what the engine is made of. In comes a {@link
 * io.llmtrace.runtime.config.LlmtraceConfig}; out go {@link
 * io.llmtrace.policies.detect.engine.EngineOptions} whose models read their files when they are
 * loaded. The one place that opens files of models.
 */
@NullMarked
package io.llmtrace.runtime.detection;

import org.jspecify.annotations.NullMarked;
