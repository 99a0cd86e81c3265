package io.llmtrace.controlplane.access;

import java.util.Optional;

/** Knows tokens of one kind. Thread-safe. */
public interface Authenticator {
  /** Whether a token looks like one of this kind; at most one authenticator says so. */
  boolean knows(String token);

  /**
   * The caller of a token, or empty: whoever sent it is told nothing more than that it is not
   * valid.
   *
   * @throws io.llmtrace.controlplane.storage.StorageUnavailableException while it cannot be known
   */
  Optional<Caller> authenticate(String token, Origin origin);
}
