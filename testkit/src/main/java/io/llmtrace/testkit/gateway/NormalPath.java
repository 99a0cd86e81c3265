package io.llmtrace.testkit.gateway;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * A decoded path as nginx matches and shows it: slashes merged, dot segments resolved. Empty where
 * it leads out of the root, which nginx answers with 400.
 */
final class NormalPath {
  private NormalPath() {}

  static Optional<String> of(String decoded) {
    Deque<String> kept = new ArrayDeque<>();
    boolean folder = true;
    for (String segment : decoded.split("/", -1)) {
      folder = segment.isEmpty() || segment.equals(".") || segment.equals("..");
      if (segment.equals("..")) {
        if (kept.pollLast() == null) {
          return Optional.empty();
        }
      } else if (!folder) {
        kept.addLast(segment);
      }
    }
    String path = kept.stream().collect(Collectors.joining("/", "/", ""));
    return Optional.of(folder && !kept.isEmpty() ? path + "/" : path);
  }
}
