/**
 * Call-outs: a gateway other than ours holds a request and asks about it by {@code POST /inspect}.
 * The request comes in as its own body and headers and as headers that tell of it; it goes through
 * the same {@link io.llmtrace.plugin.inspection.InspectionService} as all others, and what was
 * decided goes out as JSON.
 */
@NullMarked
package io.llmtrace.plugin.callout;

import org.jspecify.annotations.NullMarked;
