package io.llmtrace.runtime.config;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.nodes.Node;

/** What one reading of a file carries along: its name, the environment, the problems so far. */
final class Reading {
  private final String file;
  private final Map<String, String> env;
  private final List<ConfigProblem> problems = new ArrayList<>();
  private final Map<String, AskedKey> asked = new LinkedHashMap<>();

  Reading(String file, Map<String, String> env) {
    this.file = file;
    this.env = env;
  }

  /** That a key was asked for; said again by a caller that knows more of it, that counts. */
  void asked(AskedKey key) {
    asked.put(key.path(), key);
  }

  /** The keys that there are, in the order in which they were asked for. */
  List<AskedKey> asked() {
    return List.copyOf(asked.values());
  }

  Map<String, String> env() {
    return env;
  }

  void problem(@Nullable Node at, String key, String expectation) {
    problem(at == null ? null : at.getStartMark().orElse(null), key, expectation);
  }

  void problem(@Nullable Mark at, String key, String expectation) {
    int line = at == null ? 1 : at.getLine() + 1;
    int column = at == null ? 1 : at.getColumn() + 1;
    problems.add(
        new ConfigProblem(file, line, column, key.isEmpty() ? "(file)" : key, expectation));
  }

  /** A problem of another file that the configuration names. */
  void problemIn(String other, int line, String key, String expectation) {
    problems.add(new ConfigProblem(other, line, 1, key.isEmpty() ? "(file)" : key, expectation));
  }

  /** Those of the file itself first. */
  List<ConfigProblem> problems() {
    return problems.stream()
        .sorted(
            Comparator.comparing((ConfigProblem problem) -> !problem.file().equals(file))
                .thenComparing(ConfigProblem::file)
                .thenComparingInt(ConfigProblem::line)
                .thenComparingInt(ConfigProblem::column))
        .toList();
  }

  static int line(Node node) {
    return node.getStartMark().map(mark -> mark.getLine() + 1).orElse(1);
  }
}
