package io.llmtrace.cli.scan;

import com.fasterxml.jackson.databind.JsonNode;
import org.jspecify.annotations.Nullable;

/** A line that is no input of {@code scan}. */
final class BadLineException extends Exception {
  private static final long serialVersionUID = 1L;

  private final transient @Nullable JsonNode id;

  BadLineException(@Nullable JsonNode id, String message) {
    super(message);
    this.id = id;
  }

  /** The line's id, where it could be read. */
  @Nullable JsonNode id() {
    return id;
  }
}
