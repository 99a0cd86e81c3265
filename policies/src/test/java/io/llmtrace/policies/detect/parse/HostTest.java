package io.llmtrace.policies.detect.parse;

import static org.assertj.core.api.Assertions.assertThat;

import io.llmtrace.policies.detect.parse.Host.Reach;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HostTest {
  @Property
  void one_address_is_the_same_in_every_form(
      @ForAll @IntRange(max = 255) int a,
      @ForAll @IntRange(max = 255) int b,
      @ForAll @IntRange(max = 255) int c,
      @ForAll @IntRange(max = 255) int d) {
    String dotted = a + "." + b + "." + c + "." + d;
    long number = ((long) a << 24) + (b << 16) + (c << 8) + d;
    Host expected = Host.of(dotted);
    assertThat(expected.obscured()).isFalse();
    for (String form :
        new String[] {
          Long.toString(number),
          "0x" + Long.toHexString(number),
          "0" + Long.toOctalString(number),
          String.format("0x%x.0x%x.0x%x.0x%x", a, b, c, d),
          String.format("0%o.0%o.0%o.0%o", a, b, c, d),
          a + "." + b + "." + ((c << 8) + d),
          a + "." + ((b << 16) + (c << 8) + d),
          String.format("[::ffff:%x:%x]", (a << 8) + b, (c << 8) + d),
          "[::ffff:" + dotted + "]",
          String.format("64:ff9b::%x:%x", (a << 8) + b, (c << 8) + d),
          String.format("2002:%x:%x::1", (a << 8) + b, (c << 8) + d),
        }) {
      assertThat(Host.of(form).name()).as(form).isEqualTo(dotted);
      assertThat(Host.of(form).reach()).as(form).isEqualTo(expected.reach());
    }
  }

  @Property(tries = 2000)
  void any_text_is_read_without_failing(@ForAll String text) {
    assertThat(Host.of(text).reach()).isNotNull();
    WebAddress.parse(text);
    WebAddress.parse("http://" + text);
    Host.of("[" + text + "]");
  }

  @ParameterizedTest
  @CsvSource({
    "127.0.0.1, LOOPBACK",
    "127.255.1.2, LOOPBACK",
    "0.0.0.0, LOOPBACK",
    "::1, LOOPBACK",
    "[::], LOOPBACK",
    "localhost, LOOPBACK",
    "LOCALHOST., LOOPBACK",
    "a.localhost, LOOPBACK",
    "10.0.0.1, PRIVATE",
    "172.16.0.1, PRIVATE",
    "172.32.0.1, PUBLIC",
    "192.168.255.1, PRIVATE",
    "100.64.0.1, PRIVATE",
    "169.254.1.1, PRIVATE",
    "fe80::1%eth0, PRIVATE",
    "fd12::1, PRIVATE",
    "169.254.169.254, METADATA",
    "100.100.100.200, METADATA",
    "fd00:ec2::254, METADATA",
    "fd00:0ec2:0:0:0:0:0:254, METADATA",
    "Metadata.Google.Internal, METADATA",
    "db.internal, INTERNAL_NAME",
    "printer.local, INTERNAL_NAME",
    "internal.example.org, PUBLIC",
    "10.0.0.1.nip.io, REBINDING",
    "nip.io.example.org, PUBLIC",
    "x.oastify.com, COLLECTOR",
    "8.8.8.8, PUBLIC",
    "2001:db8::1, PUBLIC",
    "example.org, PUBLIC",
    "256.1.1.1, PUBLIC",
    "1.2.3.4.5, PUBLIC",
    "0x, LOOPBACK",
    "1:2:3, PUBLIC",
    "'', PUBLIC"
  })
  void an_address_leads_where_its_range_says(String host, Reach reach) {
    assertThat(Host.of(host).reach()).isEqualTo(reach);
  }
}
