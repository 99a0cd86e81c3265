package io.llmtrace.controlplane.policies;

import io.llmtrace.controlplane.access.Caller;
import io.llmtrace.controlplane.access.Permission;
import io.llmtrace.controlplane.audit.Audit;
import io.llmtrace.controlplane.audit.Change;
import io.llmtrace.controlplane.policies.Activations.Activation;
import io.llmtrace.controlplane.policies.Activations.Kind;
import io.llmtrace.controlplane.storage.ScopedJdbi;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/**
 * Changes of what holds: one at a time, each within the size of a bundle, with its entry in the
 * audit. Thread-safe.
 */
public final class Steps {
  /**
   * What is to hold.
   *
   * @param backTo as {@link Activation#backTo}
   */
  record Next(Kind kind, Standing standing, @Nullable Long backTo) {}

  /** Says what is to hold from what holds; null where that is what holds. */
  @FunctionalInterface
  interface Step {
    @Nullable Next next(
        Handle handle, PolicyRow policy, Standing standing, @Nullable Activation newest);
  }

  private final ScopedJdbi jdbi;
  private final Approval approval;
  private final Runnable changed;

  /**
   * @param changed runs after a change was committed
   */
  public Steps(ScopedJdbi jdbi, Approval approval, Runnable changed) {
    this.jdbi = jdbi;
    this.approval = approval;
    this.changed = changed;
  }

  Approval approval() {
    return approval;
  }

  /** Takes a step of a policy, and shows what holds then. */
  PolicyView take(Caller caller, String id, String message, Step step) {
    PolicyView view =
        jdbi.write(
            caller,
            Permission.POLICIES_WRITE,
            handle -> {
              // One at a time: sizes of what holds are added up.
              PolicyStore.lock(handle);
              PolicyRow policy = PolicyStore.held(handle, caller, Permission.POLICIES_WRITE, id);
              Activation newest = Activations.newest(handle, id).orElse(null);
              Standing standing = newest == null ? Standing.NONE : newest.standing();
              Next next = step.next(handle, policy, standing, newest);
              PolicyView before = PolicyView.of(policy, standing, null);
              if (next == null) {
                return before;
              }
              BundleSize size = BundleSize.of(handle, policy.tenant());
              Activations.append(
                  handle, caller, policy, next.kind(), next.standing(), next.backTo(), message);
              // Back is always possible: it is what one does in an emergency.
              if (next.kind() != Kind.ROLL_BACK) {
                BundleSize.of(handle, policy.tenant()).require(size);
              }
              PolicyView after = PolicyView.of(policy, next.standing(), null);
              Audit.append(
                  handle,
                  caller,
                  new Change(
                      "policy." + next.kind().label(),
                      policy.tenant(),
                      "policy:" + id,
                      before,
                      after));
              return after;
            });
    changed.run();
    return view;
  }

  /** A version decides on all instances from here on; null where it does already. */
  @Nullable Next activated(
      Handle handle,
      Caller caller,
      PolicyRow policy,
      Standing standing,
      @Nullable Activation newest,
      int version,
      Kind kind) {
    approval.require(handle, caller, policy, version);
    Standing next = standing.activated(version);
    return next.equals(standing) ? null : new Next(kind, next, pushed(newest));
  }

  /** Where a roll back goes after a change of what is active. */
  static @Nullable Long pushed(@Nullable Activation newest) {
    return newest == null
        ? null
        : newest.standing().active() != null ? Long.valueOf(newest.id()) : newest.backTo();
  }
}
