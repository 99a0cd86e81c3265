/**
 * {@code bench gateway}: what the plugin costs in front of traffic. Requests go through the test
 * gateway, or straight over the socket, to processes that differ in one thing only; figures come
 * out as ratios and paired differences inside one run, which say something on a busy machine too.
 */
@NullMarked
package io.llmtrace.cli.bench.gateway;

import org.jspecify.annotations.NullMarked;
