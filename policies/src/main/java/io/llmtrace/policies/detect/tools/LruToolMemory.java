package io.llmtrace.policies.detect.tools;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Keeps a few digests of each tool: two versions of a client take turns on one route, and each turn
 * is no change. A tool that has had more definitions than {@link #MOST_CHANGES} makes them up as it
 * goes, and is no longer spoken of.
 */
public final class LruToolMemory implements ToolMemory {
  static final int MOST_CHANGES = 8;
  private static final int MOST_DIGESTS = 4;

  private final Map<String, Seen> tools;

  private static final class Seen {
    final List<String> digests = new ArrayList<>(1);
    int changes;
  }

  public LruToolMemory(int most) {
    this.tools =
        new LinkedHashMap<>(16, 0.75f, true) {
          private static final long serialVersionUID = 1L;

          @Override
          protected boolean removeEldestEntry(Map.Entry<String, Seen> eldest) {
            return size() > most;
          }
        };
  }

  @Override
  public synchronized Optional<String> see(String scope, String tool, String digest) {
    String key = scope.length() + ":" + scope + tool;
    Seen seen = tools.get(key);
    if (seen == null) {
      seen = new Seen();
      tools.put(key, seen);
    }
    if (seen.digests.contains(digest)) {
      return Optional.empty();
    }
    Optional<String> before =
        seen.digests.isEmpty()
            ? Optional.empty()
            : Optional.of(seen.digests.get(seen.digests.size() - 1));
    seen.digests.add(digest);
    if (seen.digests.size() > MOST_DIGESTS) {
      seen.digests.remove(0);
    }
    seen.changes += before.isPresent() ? 1 : 0;
    return seen.changes > MOST_CHANGES ? Optional.empty() : before;
  }
}
