package io.llmtrace.plugin.inspection;

import java.util.function.Supplier;
import java.util.function.UnaryOperator;

/**
 * Where decision ids come from. Thread-safe.
 *
 * @param issue makes a new ULID
 * @param header turns a ULID into the unforgeable value of {@link #HEADER}
 */
public record DecisionIdentity(Supplier<String> issue, UnaryOperator<String> header) {
  /** The header on the request upstream and on every answer of ours. */
  public static final String HEADER = "x-llmtrace-id";
}
