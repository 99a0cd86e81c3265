package io.llmtrace.policies.wire;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;

/** A line of a batch. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "kind")
@JsonSubTypes({
  @JsonSubTypes.Type(value = InspectionRecord.class, name = "inspection"),
  @JsonSubTypes.Type(value = CompletionRecord.class, name = "completion"),
  @JsonSubTypes.Type(value = LossRecord.class, name = "loss")
})
public sealed interface TelemetryRecord permits InspectionRecord, CompletionRecord, LossRecord {}
