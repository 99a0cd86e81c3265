package io.llmtrace.controlplane.alerts.delivery;

import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Where messages may go. Immutable.
 *
 * @param allowPrivateTargets hosts, or {@code host:port}, that may have private addresses and may
 *     be spoken to without TLS; exact, in any case, IPv6 addresses in brackets
 */
public record TransportSettings(Set<String> allowPrivateTargets) {
  public TransportSettings {
    allowPrivateTargets =
        allowPrivateTargets.stream()
            .map(each -> each.toLowerCase(Locale.ROOT))
            .collect(Collectors.toUnmodifiableSet());
  }
}
