package io.llmtrace.controlplane.outbound;

import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.List;

/**
 * Which addresses are of the public internet, by the special-purpose registries of IANA (RFC 6890
 * and what followed). What is not known to be public is not. Stateless.
 */
final class PublicAddress {
  /** IPv4 that is not globally reachable, or not one host. */
  private static final List<Block> NOT_PUBLIC_4 =
      List.of(
          Block.of("0.0.0.0/8"),
          Block.of("10.0.0.0/8"),
          Block.of("100.64.0.0/10"),
          Block.of("127.0.0.0/8"),
          Block.of("169.254.0.0/16"),
          Block.of("172.16.0.0/12"),
          Block.of("192.0.0.0/24"),
          Block.of("192.0.2.0/24"),
          Block.of("192.88.99.0/24"),
          Block.of("192.168.0.0/16"),
          Block.of("198.18.0.0/15"),
          Block.of("198.51.100.0/24"),
          Block.of("203.0.113.0/24"),
          Block.of("224.0.0.0/3"));

  /**
   * What IPv6 hosts of the internet have; all else is local, mapped, multicast or not given out.
   */
  private static final Block GLOBAL_UNICAST = Block.of("2000::/3");

  /** Parts of that which lead elsewhere: protocols and Teredo, examples, 6to4. */
  private static final List<Block> NOT_PUBLIC_6 =
      List.of(
          Block.of("2001::/23"),
          Block.of("2001:db8::/32"),
          Block.of("2002::/16"),
          Block.of("3fff::/20"));

  /** NAT64: the IPv4 address that it leads to is in its last four bytes. */
  private static final Block TRANSLATED = Block.of("64:ff9b::/96");

  /** Where clouds keep the credentials of their machines, and what else is on the link. */
  private static final List<Block> LINK =
      List.of(Block.of("169.254.0.0/16"), Block.of("fe80::/10"), Block.of("fd00:ec2::254/128"));

  private PublicAddress() {}

  static boolean is(InetAddress address) {
    byte[] bytes = address.getAddress();
    if (address instanceof Inet4Address) {
      return isPublic4(bytes);
    }
    if (!(address instanceof Inet6Address six) || six.getScopeId() != 0) {
      return false;
    }
    if (TRANSLATED.has(bytes)) {
      return isPublic4(last4(bytes));
    }
    return GLOBAL_UNICAST.has(bytes) && NOT_PUBLIC_6.stream().noneMatch(each -> each.has(bytes));
  }

  /** Of the link, instance metadata among them, also in IPv6 forms of IPv4 addresses. */
  static boolean isLinkLocal(InetAddress address) {
    byte[] bytes = address.getAddress();
    byte[] inner = TRANSLATED.has(bytes) ? last4(bytes) : bytes;
    return LINK.stream().anyMatch(each -> each.has(inner));
  }

  private static boolean isPublic4(byte[] bytes) {
    return NOT_PUBLIC_4.stream().noneMatch(each -> each.has(bytes));
  }

  private static byte[] last4(byte[] bytes) {
    return new byte[] {bytes[12], bytes[13], bytes[14], bytes[15]};
  }

  /** Addresses that begin with the same bits. */
  @SuppressWarnings("ArrayRecordComponent")
  private record Block(byte[] prefix, int bits) {
    static Block of(String cidr) {
      int slash = cidr.indexOf('/');
      return new Block(
          Literals.parse(cidr.substring(0, slash)).getAddress(),
          Integer.parseInt(cidr.substring(slash + 1)));
    }

    boolean has(byte[] address) {
      if (address.length != prefix.length) {
        return false;
      }
      for (int bit = 0; bit < bits; bit++) {
        int mask = 0x80 >> (bit % 8);
        if ((address[bit / 8] & mask) != (prefix[bit / 8] & mask)) {
          return false;
        }
      }
      return true;
    }
  }
}
