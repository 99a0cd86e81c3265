package io.llmtrace.policies.yaml;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** Collects what is wrong with one file, up to a bound. Not thread-safe. */
public final class Problems {
  /** More are counted, not kept: nobody reads them before mending these. */
  static final int MOST = 100;

  private final List<YamlProblem> kept = new ArrayList<>();
  private int left;

  public void add(YamlProblem problem) {
    if (kept.size() < MOST) {
      kept.add(problem);
    } else {
      left++;
    }
  }

  public boolean none() {
    return kept.isEmpty();
  }

  /** Whether more would not be kept, so that they need not be looked for. */
  public boolean full() {
    return kept.size() >= MOST;
  }

  /** Those that are kept, in the order of the file; one more at the end says how many are not. */
  public List<YamlProblem> all() {
    List<YamlProblem> all = new ArrayList<>(kept);
    all.sort(Comparator.comparingInt(YamlProblem::line).thenComparingInt(YamlProblem::column));
    if (left > 0) {
      YamlProblem last = all.get(all.size() - 1);
      all.add(new YamlProblem(last.line(), last.column(), "", "and " + left + " more", ""));
    }
    return List.copyOf(all);
  }
}
