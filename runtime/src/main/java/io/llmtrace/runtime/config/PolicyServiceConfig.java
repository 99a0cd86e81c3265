package io.llmtrace.runtime.config;

import java.util.List;

/**
 * {@code control_plane.policies}: how policies are changed and what signs them.
 *
 * @param signingKeys Ed25519 keys as PKCS#8 in PEM: the first one signs bundles, instances are told
 *     of all; empty makes one in the data directory
 * @param approval whether somebody else than its author must approve a version before its author
 *     may let it decide
 */
public record PolicyServiceConfig(List<Secret> signingKeys, Approval approval) {
  /** Whether a second person is asked. */
  public enum Approval {
    NONE,
    REQUIRED
  }

  public PolicyServiceConfig {
    signingKeys = List.copyOf(signingKeys);
  }

  public static PolicyServiceConfig defaults() {
    return new PolicyServiceConfig(List.of(), Approval.NONE);
  }
}
