/**
 * The gateway's side of A6, the protocol between APISIX and a plugin runner. Values go in and
 * frames come out, and the runner's frames come in and values go out; a raw client sends anything
 * at all. It knows nothing of HTTP, routes or LLMTrace.
 */
@NullMarked
package io.llmtrace.testkit.a6;

import org.jspecify.annotations.NullMarked;
