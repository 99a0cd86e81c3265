/**
 * What is done to traffic beyond stopping it. A request with its findings, or an answer that the
 * gateway holds back, comes in; a body with placeholders or with their values, headers that say
 * what was done, or a block goes out. Gateway and detection are asked, never the control plane.
 */
@NullMarked
package io.llmtrace.plugin.enforcement;

import org.jspecify.annotations.NullMarked;
