package io.llmtrace.controlplane.policies;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A policy. Times are epoch milliseconds.
 *
 * @param tenant whose; absent for everybody's
 * @param standard whether it is the layer of all routes of its tenant, also of those that name no
 *     policy
 * @param state inactive, active, rolling_out, shadow or archived
 * @param active version that decides, but on instances that the candidate reaches
 * @param candidate version that is being rolled out
 * @param rollout which instances have the candidate
 * @param shadow version that is evaluated beside the one that decides
 * @param newest version
 * @param revision of the last edit
 * @param source of the newest version, as it was written; absent in lists
 */
record PolicyView(
    String id,
    @Nullable String tenant,
    String name,
    boolean standard,
    String state,
    @Nullable Integer active,
    @Nullable Integer candidate,
    @Nullable RolloutView rollout,
    @Nullable Integer shadow,
    int newest,
    long revision,
    long createdAt,
    @Nullable String source) {

  /**
   * Which instances have a candidate: exactly one of the two.
   *
   * @param percent of the instances
   * @param labels that they have
   */
  record RolloutView(@Nullable Integer percent, @Nullable Map<String, String> labels) {
    static @Nullable RolloutView of(@Nullable Rollout rollout) {
      if (rollout instanceof Rollout.Part part) {
        return new RolloutView(part.percent(), null);
      }
      return rollout instanceof Rollout.Labelled labelled
          ? new RolloutView(null, labelled.labels())
          : null;
    }
  }

  static PolicyView of(PolicyRow row, Standing standing, @Nullable String source) {
    return new PolicyView(
        row.id(),
        row.tenant(),
        row.name(),
        row.standard(),
        row.archived() ? "archived" : standing.word(),
        standing.active(),
        standing.candidate(),
        RolloutView.of(standing.rollout()),
        standing.shadow(),
        row.newest(),
        row.revision(),
        row.createdAt(),
        source);
  }

  /** The same as lists have it. */
  PolicyView withoutSource() {
    return new PolicyView(
        id, tenant, name, standard, state, active, candidate, rollout, shadow, newest, revision,
        createdAt, null);
  }
}
