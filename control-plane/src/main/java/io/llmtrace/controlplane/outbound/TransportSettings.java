package io.llmtrace.controlplane.outbound;

import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Where messages may go. Immutable.
 *
 * @param allowPrivateTargets hosts, or {@code host:port}, that may have private addresses and may
 *     be spoken to without TLS; exact, in any case, IPv6 addresses in brackets
 * @param allowedBy the key of the configuration that lists them, for messages
 */
public record TransportSettings(Set<String> allowPrivateTargets, String allowedBy) {
  public TransportSettings {
    allowPrivateTargets =
        allowPrivateTargets.stream()
            .map(each -> each.toLowerCase(Locale.ROOT))
            .collect(Collectors.toUnmodifiableSet());
  }

  /** Those of alerts. */
  public TransportSettings(Set<String> allowPrivateTargets) {
    this(allowPrivateTargets, "alerts.allow_private_targets");
  }
}
