package io.llmtrace.cli.bench.gateway;

import java.util.List;
import java.util.function.Supplier;

/** Conversations for requests, no two of one bench alike, in every run the same. One thread's. */
final class Bodies {
  /** Bytes of the bodies that throughput and latency are measured with. */
  static final List<Integer> SIZES = List.of(1 << 10, 8 << 10);

  private static final double NEW_SHARE = 0.2;

  private long seed = 11;

  /** Requests of a conversation that goes on: a fifth of each is new. */
  Supplier<byte[]> ongoing(int bytes) {
    return new Conversation(bytes, NEW_SHARE, seed++)::next;
  }

  /** A conversation of which nothing was seen before. */
  Conversation allNew(int bytes) {
    return new Conversation(bytes, 1, seed++);
  }
}
