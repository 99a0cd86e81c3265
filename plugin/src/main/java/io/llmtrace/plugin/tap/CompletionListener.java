package io.llmtrace.plugin.tap;

import io.llmtrace.policies.wire.CompletionRecord;

/** Hears of each exchange that has ended, once, after its record is kept. Thread-safe, fast. */
@FunctionalInterface
public interface CompletionListener {
  /**
   * An exchange has ended.
   *
   * @param reachedUpstream whether a provider was asked
   */
  void completed(CompletionRecord completion, boolean reachedUpstream);
}
