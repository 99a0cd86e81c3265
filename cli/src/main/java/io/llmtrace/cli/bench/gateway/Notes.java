package io.llmtrace.cli.bench.gateway;

import com.fasterxml.jackson.databind.node.ObjectNode;
import org.jspecify.annotations.Nullable;

/** Takes figures as they come. */
@FunctionalInterface
interface Notes {
  /**
   * A figure and what it is held against.
   *
   * @param bar what it should be, in words
   */
  record Judgement(String figure, double value, String bar, boolean meets) {}

  /** Takes a figure with what else belongs to it in the JSON. */
  void note(Judgement judgement, @Nullable ObjectNode detail);
}
