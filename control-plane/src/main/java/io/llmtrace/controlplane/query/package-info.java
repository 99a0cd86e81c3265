/**
 * What resources over stored exchanges and findings share: filters, read strictly, become
 * conditions with bound values; a walk over days reads pages of any list without opening more than
 * a few partitions at once. Rows come in, JSON goes out. Nothing here writes.
 */
@NullMarked
package io.llmtrace.controlplane.query;

import org.jspecify.annotations.NullMarked;
