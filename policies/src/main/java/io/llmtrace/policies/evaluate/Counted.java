package io.llmtrace.policies.evaluate;

import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.expression.Facts;
import io.llmtrace.policies.expression.Scope;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The findings of an exchange that count for a layer, without a copy. For one thread. */
final class Counted {
  final Scope scope;
  private final List<Finding> all;
  private final int @Nullable [] places;
  private final int count;

  /** All of them count. */
  Counted(Facts facts, List<Finding> all) {
    this.scope = new Scope(facts, all);
    this.all = all;
    this.places = null;
    this.count = all.size();
  }

  /**
   * @param places of those that count, ascending
   * @param count how many entries of it are used
   */
  Counted(Facts facts, List<Finding> all, int[] places, int count) {
    this.scope = Scope.counting(facts, all, places, count);
    this.all = all;
    this.places = places;
    this.count = count;
  }

  int size() {
    return count;
  }

  Finding finding(int index) {
    return all.get(place(index));
  }

  /** Where a finding that counts stands among all. */
  int place(int index) {
    return places == null ? index : places[index];
  }
}
