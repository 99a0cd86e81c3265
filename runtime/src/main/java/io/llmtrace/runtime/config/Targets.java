package io.llmtrace.runtime.config;

import java.net.URI;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

/** Hosts that something may be sent to although they are private. Stateless. */
final class Targets {
  /** A host, or a host and a port; IPv6 addresses in brackets. */
  static final Pattern HOST =
      Pattern.compile("(\\[[0-9A-Fa-f:.]+\\]|[A-Za-z0-9._-]{1,253})(:[0-9]{1,5})?");

  private Targets() {}

  /** Whether a list has the host of an address, or its host and port. */
  static boolean allowed(Set<String> allowed, URI address) {
    int port = address.getPort() >= 0 ? address.getPort() : standard(address);
    return allowed(allowed, address.getHost(), port);
  }

  static boolean allowed(Set<String> allowed, String host, int port) {
    String name = host.toLowerCase(Locale.ROOT);
    return allowed.stream()
        .map(each -> each.toLowerCase(Locale.ROOT))
        .anyMatch(each -> each.equals(name) || each.equals(name + ":" + port));
  }

  private static int standard(URI address) {
    return "https".equals(address.getScheme()) ? 443 : 80;
  }
}
