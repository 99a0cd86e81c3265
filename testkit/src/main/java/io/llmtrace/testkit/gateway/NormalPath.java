package io.llmtrace.testkit.gateway;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.stream.Collectors;

/** A decoded path as nginx matches and shows it: slashes merged, dot segments resolved. */
final class NormalPath {
  private NormalPath() {}

  static String of(String decoded) {
    Deque<String> kept = new ArrayDeque<>();
    boolean folder = true;
    for (String segment : decoded.split("/", -1)) {
      folder = segment.isEmpty() || segment.equals(".") || segment.equals("..");
      if (segment.equals("..")) {
        kept.pollLast();
      } else if (!folder) {
        kept.addLast(segment);
      }
    }
    String path = kept.stream().collect(Collectors.joining("/", "/", ""));
    return folder && !kept.isEmpty() ? path + "/" : path;
  }
}
