package io.llmtrace.policies.expression;

import io.llmtrace.policies.detect.Finding;
import java.util.AbstractList;
import java.util.List;
import java.util.RandomAccess;
import org.jspecify.annotations.Nullable;

/**
 * What conditions are evaluated on: the facts of one exchange and the findings that count. Made
 * once for a decision and used for all its conditions, so that none of them needs memory of its
 * own. Not thread-safe; the lists given must not change while it is used.
 */
public final class Scope {
  /**
   * What one condition may take: about a node of it each, and one for about 64 characters of long
   * texts. A condition that needs more cannot be evaluated. It is five milliseconds or so.
   */
  static final long MOST_STEPS = 500_000;

  /** Loops in loops. */
  static final int DEEPEST_LOOP = 2;

  private final Facts facts;
  private final List<Finding> findings;
  private double score = -1;
  private long steps;
  private int failures;

  /** The elements that the loops around are at, the outer one's first. */
  final @Nullable Object[] slots = new @Nullable Object[DEEPEST_LOOP];

  /** Why what was evaluated last has no value; null where it has one. */
  @Nullable String error;

  /**
   * @param findings those that count, a list that finds its elements by number in constant time
   */
  public Scope(Facts facts, List<Finding> findings) {
    this.facts = facts;
    this.findings = findings;
  }

  /**
   * Of a list of which only some count, without a copy.
   *
   * @param which their numbers in the list, in order
   * @param count how many entries of {@code which} are used
   */
  public static Scope counting(Facts facts, List<Finding> all, int[] which, int count) {
    return new Scope(facts, new Chosen(all, which, count));
  }

  public Facts facts() {
    return facts;
  }

  /** Those that count. */
  public List<Finding> findings() {
    return findings;
  }

  /** Conditions that could not be evaluated on it so far. */
  public int failures() {
    return failures;
  }

  /** The highest confidence of findings that speak of an attack; 0 without any. */
  double score() {
    if (score < 0) {
      double highest = 0;
      for (int i = 0; i < findings.size(); i++) {
        Finding finding = findings.get(i);
        if (finding.type().isAttack()) {
          highest = Math.max(highest, finding.confidence());
        }
      }
      score = highest;
    }
    return score;
  }

  void begin() {
    steps = MOST_STEPS;
    error = null;
  }

  void failed() {
    failures++;
  }

  /** Counts work; beyond what one condition may take, it ends there. */
  void charge(long work) {
    steps -= work;
    if (steps < 0) {
      throw new TooCostlyException();
    }
  }

  /** Ends an evaluation from inside; neither {@code &&} nor {@code ||} absorbs it. */
  static final class TooCostlyException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private TooCostlyException() {
      super("takes more than " + MOST_STEPS + " steps on this exchange", null, false, false);
    }
  }

  private static final class Chosen extends AbstractList<Finding> implements RandomAccess {
    private final List<Finding> all;
    private final int[] which;
    private final int count;

    Chosen(List<Finding> all, int[] which, int count) {
      this.all = all;
      this.which = which;
      this.count = count;
    }

    @Override
    public Finding get(int index) {
      return all.get(which[index]);
    }

    @Override
    public int size() {
      return count;
    }
  }
}
