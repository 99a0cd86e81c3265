package io.llmtrace.controlplane.outbound;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.regex.Pattern;

/** Hosts that are addresses as they stand, and hosts that pretend to be names. Stateless. */
final class Literals {
  private static final Pattern DOTTED =
      Pattern.compile("(?:(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)(?:\\.(?!$)|$)){4}");

  /** The last part is a number: resolvers read all of it as an address, each in its own way. */
  private static final Pattern ENDS_IN_A_NUMBER =
      Pattern.compile("(?:.*\\.)?(?:\\d+|0[xX][0-9a-fA-F]*)\\.?");

  private Literals() {}

  /** Whether it is an IPv4 address in the one form that all read alike, or IPv6 in brackets. */
  static boolean isAddress(String host) {
    return DOTTED.matcher(host).matches() || host.indexOf(':') >= 0;
  }

  /** Octal, hexadecimal, shortened or plain numbers: addresses that do not look like ones. */
  static boolean isDisguised(String host) {
    return !isAddress(host) && ENDS_IN_A_NUMBER.matcher(host).matches();
  }

  /**
   * The address of a literal; nothing is asked for it.
   *
   * @param host with or without brackets
   */
  static InetAddress parse(String host) {
    String bare = bare(host);
    if (!isAddress(bare)) {
      throw new IllegalArgumentException("expected an address");
    }
    try {
      return InetAddress.getByName(bare);
    } catch (UnknownHostException e) {
      throw new IllegalArgumentException("expected an address", e);
    }
  }

  static String bare(String host) {
    return host.startsWith("[") && host.endsWith("]") ? host.substring(1, host.length() - 1) : host;
  }
}
