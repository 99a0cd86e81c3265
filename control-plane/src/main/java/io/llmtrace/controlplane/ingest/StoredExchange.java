package io.llmtrace.controlplane.ingest;

import io.llmtrace.policies.wire.CompletionRecord;
import io.llmtrace.policies.wire.InspectionRecord;
import org.jspecify.annotations.Nullable;

/**
 * An exchange of which all is stored that will be told.
 *
 * @param decisionId a ULID
 * @param asked what was asked and decided; null where it was stored before and has to be read
 * @param answered how it ended; null where nobody observed that
 */
public record StoredExchange(
    String decisionId, @Nullable InspectionRecord asked, @Nullable CompletionRecord answered) {}
