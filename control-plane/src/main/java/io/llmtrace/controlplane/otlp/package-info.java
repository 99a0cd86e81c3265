/**
 * Spans of applications that call providers past the gateway. OTLP comes in; exchanges that say
 * that nobody inspected them go to ingest. What a span holds beyond numbers and names, content
 * above all, is never read out of the message.
 */
@NullMarked
package io.llmtrace.controlplane.otlp;

import org.jspecify.annotations.NullMarked;
