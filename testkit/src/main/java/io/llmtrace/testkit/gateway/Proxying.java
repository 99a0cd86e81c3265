package io.llmtrace.testkit.gateway;

/** A request that is with its upstream, as its client's connection sees it. */
interface Proxying {
  /** The client's connection can take more, or cannot. */
  void clientWritable();

  void clientGone();
}
