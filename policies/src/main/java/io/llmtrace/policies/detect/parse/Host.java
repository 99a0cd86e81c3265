package io.llmtrace.policies.detect.parse;

import java.text.Normalizer;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A host as a client would understand it, however it was written: {@code 2130706433}, {@code
 * 0x7f.1}, {@code ::ffff:7f00:1} and {@code １２７.0.0.1} are all the loopback address. Rules of
 * numbers after the WHATWG URL standard ("IPv4 parser", "IPv6 parser"), ranges after IANA's special
 * purpose registries, addresses of metadata services after their providers' documentation.
 *
 * @param name lower-case, without brackets, trailing dot and IPv6 zone
 * @param reach where it leads
 * @param obscured whether an address was written in a form that people do not use
 */
public record Host(String name, Reach reach, boolean obscured) {

  /** Where a host leads, as far as its name tells without asking anybody. */
  public enum Reach {
    /** Instance metadata of a cloud: credentials without a password. */
    METADATA,
    LOOPBACK,
    /** Private, link-local, unique-local and carrier ranges. */
    PRIVATE,
    /** A name that only an inner resolver knows. */
    INTERNAL_NAME,
    /** A public name made to resolve to an inner address. */
    REBINDING,
    /** A service that shows its owner whatever is sent there. */
    COLLECTOR,
    PUBLIC;

    /** Whether a client that goes there stays inside. */
    public boolean isInside() {
      return compareTo(REBINDING) <= 0;
    }
  }

  private static final Set<String> METADATA_NAMES =
      Set.of(
          "metadata.google.internal",
          "metadata",
          "metadata.goog",
          "instance-data",
          "instance-data.ec2.internal",
          "metadata.azure.internal",
          "metadata.tencentyun.com",
          "metadata.platformequinix.com");

  private static final List<String> INTERNAL_SUFFIXES =
      List.of(
          ".internal",
          ".intranet",
          ".local",
          ".localdomain",
          ".lan",
          ".corp",
          ".home.arpa",
          ".svc",
          ".svc.cluster.local",
          ".consul");

  private static final Set<String> INTERNAL_NAMES =
      Set.of("kubernetes", "kubernetes.default", "host.docker.internal", "gateway.docker.internal");

  /** Public suffixes under which any address can be named, and names that are the loopback. */
  private static final List<String> REBINDING_SUFFIXES =
      List.of(
          "nip.io",
          "sslip.io",
          "xip.io",
          "localtest.me",
          "lvh.me",
          "vcap.me",
          "lacolhost.com",
          "rbndr.us",
          "1u.ms",
          "rebind.network",
          "localho.st");

  private static final List<String> COLLECTOR_SUFFIXES =
      List.of(
          "oastify.com",
          "burpcollaborator.net",
          "interact.sh",
          "oast.pro",
          "oast.live",
          "oast.site",
          "oast.online",
          "oast.fun",
          "oast.me",
          "webhook.site",
          "requestbin.net",
          "requestbin.com",
          "pipedream.net",
          "requestcatcher.com",
          "beeceptor.com",
          "dnslog.cn",
          "ceye.io",
          "canarytokens.com",
          "hookbin.com");

  /** Reads a host, with or without IPv6 brackets. Never fails: what is no address is a name. */
  public static Host of(String written) {
    String name = plain(written);
    if (name.indexOf(':') >= 0) {
      byte[] v6 = ipv6(name);
      return v6 == null ? new Host(name, Reach.PUBLIC, false) : ofIpv6(name, v6);
    }
    long v4 = ipv4(name);
    if (v4 >= 0) {
      boolean usual = isDottedQuad(written, v4);
      return new Host(dotted(v4), reach(v4), !usual);
    }
    return new Host(name, reach(name), false);
  }

  /** Whether the text is an address and no name. */
  public static boolean isAddress(String written) {
    String name = plain(written);
    return name.indexOf(':') >= 0 ? ipv6(name) != null : ipv4(name) >= 0;
  }

  private static String plain(String written) {
    String name = isAscii(written) ? written : Normalizer.normalize(written, Normalizer.Form.NFKC);
    name = Letters.lower(name.replace('\u3002', '.'));
    if (name.startsWith("[")) {
      int close = name.indexOf(']');
      name = name.substring(1, close < 0 ? name.length() : close);
    }
    int zone = name.indexOf('%');
    if (zone >= 0 && name.indexOf(':') >= 0) {
      name = name.substring(0, zone);
    }
    return name.endsWith(".") ? name.substring(0, name.length() - 1) : name;
  }

  private static boolean isAscii(String text) {
    return text.chars().allMatch(c -> c < 0x80);
  }

  /** Four bytes as a number, or -1 for what is no IPv4 address. */
  private static long ipv4(String name) {
    if (name.isEmpty() || name.length() > 60) {
      return -1;
    }
    String[] parts = name.split("\\.", -1);
    if (parts.length > 4) {
      return -1;
    }
    long address = 0;
    for (int i = 0; i < parts.length; i++) {
      long part = number(parts[i]);
      boolean last = i == parts.length - 1;
      long limit = last ? 1L << (8 * (5 - parts.length)) : 256;
      if (part < 0 || part >= limit) {
        return -1;
      }
      address = last ? (address << (8 * (5 - parts.length))) + part : (address << 8) + part;
    }
    return address;
  }

  private static long number(String part) {
    int radix = 10;
    String digits = part;
    if (part.startsWith("0x")) {
      radix = 16;
      digits = part.substring(2);
    } else if (part.length() > 1 && part.startsWith("0")) {
      radix = 8;
      digits = part.substring(1);
    }
    if (digits.isEmpty()) {
      return radix == 16 ? 0 : -1;
    }
    long number = 0;
    for (int i = 0; i < digits.length(); i++) {
      int digit = Character.digit(digits.charAt(i), radix);
      if (digit < 0 || number > 1L << 33) {
        return -1;
      }
      number = number * radix + digit;
    }
    return number;
  }

  private static String dotted(long v4) {
    return (v4 >> 24) + "." + ((v4 >> 16) & 255) + "." + ((v4 >> 8) & 255) + "." + (v4 & 255);
  }

  private static boolean isDottedQuad(String written, long v4) {
    String bare = written.endsWith(".") ? written.substring(0, written.length() - 1) : written;
    return bare.equals(dotted(v4));
  }

  private static Reach reach(long v4) {
    int a = (int) (v4 >> 24);
    int b = (int) ((v4 >> 16) & 255);
    // AWS, GCP, Azure, DigitalOcean; AWS ECS; Alibaba; Oracle; Azure's wire server.
    boolean metadata =
        v4 == address(169, 254, 169, 254)
            || v4 == address(169, 254, 170, 2)
            || v4 == address(100, 100, 100, 200)
            || v4 == address(192, 0, 0, 192)
            || v4 == address(168, 63, 129, 16);
    if (metadata) {
      return Reach.METADATA;
    }
    if (a == 127 || v4 == 0) {
      return Reach.LOOPBACK;
    }
    boolean inner =
        a == 10
            || a == 0
            || (a == 172 && b >= 16 && b < 32)
            || (a == 192 && b == 168)
            || (a == 169 && b == 254)
            || (a == 100 && b >= 64 && b < 128);
    return inner ? Reach.PRIVATE : Reach.PUBLIC;
  }

  private static long address(int a, int b, int c, int d) {
    return ((long) a << 24) + (b << 16) + (c << 8) + d;
  }

  private static Host ofIpv6(String name, byte[] v6) {
    if (name.equals("fd00:ec2::254") || Arrays.equals(v6, ipv6("fd00:ec2::254"))) {
      return new Host(name, Reach.METADATA, !name.equals("fd00:ec2::254"));
    }
    long head = 0;
    for (int i = 0; i < 12; i++) {
      head |= v6[i];
    }
    long tail = quad(v6, 12);
    if (head == 0 && (tail == 1 || tail == 0)) {
      return new Host(name, Reach.LOOPBACK, false);
    }
    boolean mapped = zero(v6, 0, 10) && v6[10] == -1 && v6[11] == -1;
    boolean compatible = zero(v6, 0, 12);
    boolean nat64 = quad(v6, 0) == 0x0064ff9bL && zero(v6, 4, 12);
    if (mapped || compatible || nat64) {
      return new Host(dotted(tail), reach(tail), true);
    }
    if (v6[0] == 0x20 && v6[1] == 0x02) {
      long sixToFour = quad(v6, 2);
      return new Host(dotted(sixToFour), reach(sixToFour), true);
    }
    boolean local = (v6[0] & 0xfe) == 0xfc || ((v6[0] & 0xff) == 0xfe && (v6[1] & 0xc0) == 0x80);
    return new Host(name, local ? Reach.PRIVATE : Reach.PUBLIC, false);
  }

  private static boolean zero(byte[] bytes, int from, int to) {
    for (int i = from; i < to; i++) {
      if (bytes[i] != 0) {
        return false;
      }
    }
    return true;
  }

  private static long quad(byte[] bytes, int from) {
    long quad = 0;
    for (int i = from; i < from + 4; i++) {
      quad = (quad << 8) | (bytes[i] & 0xff);
    }
    return quad;
  }

  private static byte @Nullable [] ipv6(String name) {
    if (name.length() > 45) {
      return null;
    }
    int gap = name.indexOf("::");
    if (gap >= 0 && name.indexOf("::", gap + 1) >= 0) {
      return null;
    }
    byte[] head = groups(gap < 0 ? name : name.substring(0, gap));
    byte[] tail = gap < 0 ? new byte[0] : groups(name.substring(gap + 2));
    if (head == null || tail == null) {
      return null;
    }
    int length = head.length + tail.length;
    if (gap < 0 ? length != 16 : length > 14) {
      return null;
    }
    byte[] address = new byte[16];
    System.arraycopy(head, 0, address, 0, head.length);
    System.arraycopy(tail, 0, address, 16 - tail.length, tail.length);
    return address;
  }

  private static byte @Nullable [] groups(String text) {
    if (text.isEmpty()) {
      return new byte[0];
    }
    String[] groups = text.split(":", -1);
    byte[] bytes = new byte[32];
    int length = 0;
    for (int i = 0; i < groups.length && length <= 16; i++) {
      String group = groups[i];
      if (i == groups.length - 1 && group.indexOf('.') >= 0) {
        long v4 = ipv4(group);
        if (v4 < 0) {
          return null;
        }
        for (int k = 3; k >= 0; k--) {
          bytes[length++] = (byte) (v4 >> (8 * k));
        }
        continue;
      }
      if (group.isEmpty() || group.length() > 4) {
        return null;
      }
      int value = 0;
      for (int k = 0; k < group.length(); k++) {
        int digit = Character.digit(group.charAt(k), 16);
        if (digit < 0) {
          return null;
        }
        value = (value << 4) | digit;
      }
      bytes[length++] = (byte) (value >> 8);
      bytes[length++] = (byte) value;
    }
    return length > 16 ? null : Arrays.copyOf(bytes, length);
  }

  private static Reach reach(String name) {
    if (METADATA_NAMES.contains(name)) {
      return Reach.METADATA;
    }
    if (name.equals("localhost")
        || name.endsWith(".localhost")
        || name.equals("localhost.localdomain")
        || name.equals("ip6-localhost")) {
      return Reach.LOOPBACK;
    }
    if (endsWithAny(name, REBINDING_SUFFIXES)) {
      return Reach.REBINDING;
    }
    if (endsWithAny(name, COLLECTOR_SUFFIXES)) {
      return Reach.COLLECTOR;
    }
    boolean inner = INTERNAL_NAMES.contains(name);
    for (String suffix : INTERNAL_SUFFIXES) {
      inner |= name.endsWith(suffix);
    }
    return inner ? Reach.INTERNAL_NAME : Reach.PUBLIC;
  }

  private static boolean endsWithAny(String name, List<String> domains) {
    for (String domain : domains) {
      if (name.equals(domain) || name.endsWith("." + domain)) {
        return true;
      }
    }
    return false;
  }
}
