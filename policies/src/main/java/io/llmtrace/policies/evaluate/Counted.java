package io.llmtrace.policies.evaluate;

import io.llmtrace.policies.detect.Finding;
import io.llmtrace.policies.expression.Facts;
import io.llmtrace.policies.expression.Scope;
import java.util.List;

/** The findings of an exchange that count for a layer, without a copy where all do. Immutable. */
final class Counted implements Scope {
  private final Facts facts;
  private final List<Finding> all;
  private final int @org.jspecify.annotations.Nullable [] places;

  /**
   * @param places of those that count, ascending; null where all do
   */
  Counted(Facts facts, List<Finding> all, int @org.jspecify.annotations.Nullable [] places) {
    this.facts = facts;
    this.all = all;
    this.places = places;
  }

  @Override
  public Facts facts() {
    return facts;
  }

  @Override
  public int findings() {
    return places == null ? all.size() : places.length;
  }

  @Override
  public Finding finding(int index) {
    return all.get(place(index));
  }

  /** Where a finding that counts stands among all. */
  int place(int index) {
    return places == null ? index : places[index];
  }
}
