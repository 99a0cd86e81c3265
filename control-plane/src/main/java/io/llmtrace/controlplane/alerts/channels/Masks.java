package io.llmtrace.controlplane.alerts.channels;

import java.net.URI;

/** What may be seen of what must not be. */
final class Masks {
  static final String MASK = "***";

  private Masks() {}

  /** Scheme, host and port: paths, queries and user information may be credentials. */
  static String target(URI target) {
    String port = target.getPort() < 0 ? "" : ":" + target.getPort();
    return target.getScheme() + "://" + target.getHost() + port + "/" + MASK;
  }
}
