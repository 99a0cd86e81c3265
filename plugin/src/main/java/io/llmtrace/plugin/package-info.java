/**
 * The process beside the gateway. Here its parts are put together by hand: configuration comes in,
 * a running host goes out. Everything else lives in the packages below, one for each feature.
 */
@NullMarked
package io.llmtrace.plugin;

import org.jspecify.annotations.NullMarked;
