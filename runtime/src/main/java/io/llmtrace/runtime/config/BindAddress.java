package io.llmtrace.runtime.config;

/** Where a port is opened. Stateless. */
final class BindAddress {
  private BindAddress() {}

  /** What {@code bind} of a section says. */
  static String of(ConfigSection section, String fallback) {
    return section.string(
        "bind",
        fallback,
        "an address or host name such as 127.0.0.1",
        bind -> bind.matches("[A-Za-z0-9.:_-]{1,253}"));
  }

  /** Whether nobody but this machine reaches it. */
  static boolean isLoopback(String bind) {
    return bind.equals("localhost") || bind.equals("::1") || bind.matches("127(\\.[0-9]{1,3}){3}");
  }
}
