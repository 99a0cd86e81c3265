package io.llmtrace.policies.detect.tools;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Digests of definitions in which nothing was found. An agent offers the same tools with every
 * request, and a definition that is the same to the last character is as clean as it was, whoever
 * sends it. Thread-safe, the least recently seen forgotten.
 */
final class CleanDefinitions {
  private static final int MOST = 8192;

  private final Map<String, Boolean> digests =
      new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Boolean> eldest) {
          return size() > MOST;
        }
      };

  synchronized boolean contains(String digest) {
    return digests.get(digest) != null;
  }

  synchronized void add(String digest) {
    digests.put(digest, Boolean.TRUE);
  }
}
