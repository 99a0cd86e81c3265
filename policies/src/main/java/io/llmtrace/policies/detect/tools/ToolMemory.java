package io.llmtrace.policies.detect.tools;

import java.util.Optional;

/**
 * What definitions of tools were seen before. Implementations are thread-safe and bounded: what was
 * forgotten is seen as new, which says nothing.
 */
public interface ToolMemory {
  /**
   * Remembers a definition, and tells whether it replaces another one.
   *
   * @param scope what keeps memories apart, for example tenant and route
   * @param tool the full name of the tool
   * @param digest of the definition
   * @return the digest that was seen before; empty for a tool that is new, a definition that is
   *     known, and a tool whose definition changes all the time
   */
  Optional<String> see(String scope, String tool, String digest);

  /** A memory in this process of at most {@code most} tools, the least recently seen forgotten. */
  static ToolMemory ofAtMost(int most) {
    return new LruToolMemory(most);
  }
}
