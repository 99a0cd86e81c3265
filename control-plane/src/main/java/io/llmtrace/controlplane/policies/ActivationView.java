package io.llmtrace.controlplane.policies;

import io.llmtrace.controlplane.policies.Activations.Activation;
import org.jspecify.annotations.Nullable;

/**
 * A change of what holds, and what held from then on.
 *
 * @param at epoch milliseconds
 * @param kind what was done: activate, roll_back, deactivate, rollout, rollout_cancel,
 *     rollout_finish, shadow, shadow_stop or standard
 */
record ActivationView(
    long id,
    long at,
    String actor,
    String kind,
    @Nullable Integer active,
    @Nullable Integer candidate,
    PolicyView.@Nullable RolloutView rollout,
    @Nullable Integer shadow,
    boolean standard,
    String message) {
  static ActivationView of(Activation activation) {
    Standing standing = activation.standing();
    return new ActivationView(
        activation.id(),
        activation.at(),
        activation.actor(),
        activation.kind(),
        standing.active(),
        standing.candidate(),
        PolicyView.RolloutView.of(standing.rollout()),
        standing.shadow(),
        activation.standard(),
        activation.message());
  }
}
