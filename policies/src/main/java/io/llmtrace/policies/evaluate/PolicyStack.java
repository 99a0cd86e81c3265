package io.llmtrace.policies.evaluate;

import io.llmtrace.policies.expression.Facts;
import io.llmtrace.policies.language.Policy;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * The policies of one route, the farthest first, each for the exchanges that it matches. Which of
 * them apply is found for each exchange; what they come to together is made once and kept.
 * Thread-safe.
 */
public final class PolicyStack {
  /** Standard of all, standard of the tenant, and what the route names. */
  public static final int MOST = 3;

  /** Nothing but the built-in rules. */
  public static final PolicyStack BUILT_IN = new PolicyStack(List.of());

  private final List<Policy> layers;
  private final MatchTest[] matches;
  private final boolean always;
  private final AtomicReferenceArray<PolicyProgram> programs;

  private PolicyStack(List<Policy> layers) {
    this.layers = List.copyOf(layers);
    this.matches =
        layers.stream().map(policy -> new MatchTest(policy.match())).toArray(MatchTest[]::new);
    boolean all = true;
    for (MatchTest each : matches) {
      all &= each.isEmpty();
    }
    this.always = all;
    this.programs = new AtomicReferenceArray<>(1 << matches.length);
  }

  /**
   * A stack of policies.
   *
   * @throws IllegalArgumentException for more than {@link #MOST}
   */
  public static PolicyStack of(List<Policy> farthestFirst) {
    if (farthestFirst.size() > MOST) {
      throw new IllegalArgumentException("expected at most " + MOST + " layers");
    }
    return farthestFirst.isEmpty() ? BUILT_IN : new PolicyStack(farthestFirst);
  }

  /**
   * What applies to an exchange. Where its body is in doubt, a layer for some models or tools may
   * be for it or not: the stricter of both applies, or else whoever sends what cannot be read would
   * choose the milder one.
   */
  public PolicyProgram program(Facts facts) {
    int all = (1 << matches.length) - 1;
    if (always) {
      return made(all);
    }
    int sure = 0;
    int possible = 0;
    for (int i = 0; i < matches.length; i++) {
      if (matches[i].holds(facts)) {
        sure |= 1 << i;
      }
      if (matches[i].mayHold(facts)) {
        possible |= 1 << i;
      }
    }
    PolicyProgram without = made(sure);
    if (sure == possible) {
      return without;
    }
    PolicyProgram with = made(possible);
    return with.strictness() > without.strictness() ? with : without;
  }

  /** Makes whatever may apply, so that what cannot be made is found now, and no request waits. */
  public void prepare() {
    for (int which = always ? (1 << matches.length) - 1 : 0; which < 1 << matches.length; which++) {
      PolicyProgram unused = made(which);
    }
  }

  private PolicyProgram made(int which) {
    PolicyProgram known = programs.get(which);
    if (known != null) {
      return known;
    }
    List<Policy> applying = new ArrayList<>();
    for (int i = 0; i < layers.size(); i++) {
      if ((which & (1 << i)) != 0) {
        applying.add(layers.get(i));
      }
    }
    PolicyProgram made = PolicyProgram.link(Layers.of(applying).effective());
    // Of two threads the first one's is used by both: what it remembers of texts is of use to all.
    return programs.compareAndSet(which, null, made) ? made : programs.get(which);
  }
}
