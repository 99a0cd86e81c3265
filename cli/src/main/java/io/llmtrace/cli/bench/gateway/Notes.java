package io.llmtrace.cli.bench.gateway;

import com.fasterxml.jackson.databind.node.ObjectNode;
import org.jspecify.annotations.Nullable;

/** Takes figures as they come. */
@FunctionalInterface
interface Notes {
  void note(GatewayBench.Judgement judgement, @Nullable ObjectNode detail);
}
