/**
 * A stand-in for LLM providers in the OpenAI and Anthropic dialects, whole and streamed. Requests
 * come in; realistic answers, usage blocks, errors and broken streams go out, by model name. It
 * counts what reached it, so that a test can tell what was stopped on the way.
 */
@NullMarked
package io.llmtrace.testkit.provider;

import org.jspecify.annotations.NullMarked;
