package io.llmtrace.controlplane.policies;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Which versions of a policy hold. Immutable.
 *
 * @param active decides on all instances that the candidate does not reach; null where none does
 * @param candidate decides on the instances of its rollout; null without one
 * @param rollout which instances have the candidate; null without one
 * @param shadow evaluated beside the one that decides; null without one
 */
public record Standing(
    @Nullable Integer active,
    @Nullable Integer candidate,
    @Nullable Rollout rollout,
    @Nullable Integer shadow) {
  /** Of a policy that was never activated. */
  public static final Standing NONE = new Standing(null, null, null, null);

  /** One word for lists. */
  String word() {
    return candidate != null
        ? "rolling_out"
        : active != null ? "active" : shadow != null ? "shadow" : "inactive";
  }

  boolean isNothing() {
    return equals(NONE);
  }

  /** A version decides everywhere; a shadow of itself would tell nothing. */
  Standing activated(int version) {
    return new Standing(version, null, null, Objects.equals(shadow, version) ? null : shadow);
  }

  Standing deactivated() {
    return new Standing(null, null, null, shadow);
  }

  Standing rollingOut(int version, Rollout to) {
    return new Standing(active, version, to, shadow);
  }

  Standing withoutCandidate() {
    return new Standing(active, null, null, shadow);
  }

  Standing withShadow(@Nullable Integer version) {
    return new Standing(active, candidate, rollout, version);
  }
}
