package io.llmtrace.controlplane.outbound;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AddressGuardTest {
  private static AddressGuard guard(Set<String> allowed, String... answers) {
    return new AddressGuard(
        new TransportSettings(allowed),
        host -> {
          InetAddress[] addresses = new InetAddress[answers.length];
          for (int i = 0; i < answers.length; i++) {
            addresses[i] = InetAddress.getByName(answers[i]);
          }
          return addresses;
        });
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "127.0.0.1",
        "127.255.255.254",
        "0.0.0.0",
        "0.1.2.3",
        "10.0.0.1",
        "10.255.255.255",
        "100.64.0.1",
        "100.127.255.255",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.192",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.0.1",
        "198.18.0.1",
        "198.19.255.255",
        "198.51.100.7",
        "203.0.113.9",
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::ffff:169.254.169.254",
        "::ffff:0:127.0.0.1",
        "64:ff9b::127.0.0.1",
        "64:ff9b::10.0.0.1",
        "64:ff9b::169.254.169.254",
        "64:ff9b:1::7f00:1",
        "100::1",
        "2001::1",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2",
        "2001:10::1",
        "2001:db8::1",
        "2002:7f00:1::",
        "2002:a9fe:a9fe::",
        "3fff::1",
        "5f00::1",
        "fc00::1",
        "fd00:ec2::254",
        "fdff:ffff::1",
        "fe80::1",
        "fec0::1",
        "ff02::1"
      })
  void isRefusedAsALiteralAndAsWhatANameMeans(String address) {
    String literal = address.contains(":") ? "[" + address + "]" : address;
    assertThatThrownBy(() -> guard(Set.of()).resolve(literal, 443))
        .isInstanceOf(RefusedTargetException.class)
        .hasMessageNotContaining(address);
    assertThatThrownBy(() -> guard(Set.of(), address).resolve("hook.example", 443))
        .isInstanceOf(RefusedTargetException.class)
        .hasMessageContaining("alerts.allow_private_targets")
        .hasMessageNotContaining("hook.example");
    assertThatThrownBy(() -> guard(Set.of(), "93.184.216.34", address).resolve("hook.example", 443))
        .as("one of several")
        .isInstanceOf(RefusedTargetException.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "1.1.1.1",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "172.15.255.255",
        "172.32.0.0",
        "192.0.1.0",
        "223.255.255.255",
        "2606:4700:4700::1111",
        "2001:200::1",
        "64:ff9b::1.1.1.1"
      })
  void isSpokenTo(String address) throws UnknownHostException {
    String literal = address.contains(":") ? "[" + address + "]" : address;
    assertThat(guard(Set.of()).resolve(literal, 443)).hasSize(1);
    assertThat(guard(Set.of(), address).resolve("hook.example", 443))
        .containsExactly(new InetSocketAddress(InetAddress.getByName(address), 443));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "2130706433",
        "0x7f000001",
        "0x7f.0.0.1",
        "0177.0.0.1",
        "127.1",
        "127.0.1",
        "127.0.0.01",
        "127.0.0.1.",
        "1.1.1.256",
        "017700000001",
        "name.1",
        "name.0x1",
        "0x"
      })
  void numbersThatDoNotLookLikeAddressesAreRefused(String host) {
    assertThatThrownBy(() -> guard(Set.of(host), "1.1.1.1").resolve(host, 443))
        .isInstanceOf(RefusedTargetException.class)
        .hasMessageContaining("ambiguous");
  }

  @ParameterizedTest
  @ValueSource(strings = {"hooks.example", "1password.example", "a.b1", "x0.example", "localhost"})
  void namesAreAskedFor(String host) {
    assertThatCode(() -> guard(Set.of(), "1.1.1.1").resolve(host, 443)).doesNotThrowAnyException();
  }

  @Test
  void aHostIsAllowedAloneOrWithItsPortInAnyCase() throws UnknownHostException {
    AddressGuard guard = guard(Set.of("Sink.Internal", "other.internal:8443"), "10.1.2.3");
    assertThat(guard.resolve("sink.internal", 1)).hasSize(1);
    assertThat(guard.resolve("SINK.INTERNAL", 2)).hasSize(1);
    assertThat(guard.resolve("other.internal", 8443)).hasSize(1);
    assertThatThrownBy(() -> guard.resolve("other.internal", 443))
        .isInstanceOf(RefusedTargetException.class);
    assertThatThrownBy(() -> guard.resolve("x.sink.internal", 443))
        .isInstanceOf(RefusedTargetException.class);
    assertThatThrownBy(() -> guard.resolve("sink.internal.", 443))
        .isInstanceOf(RefusedTargetException.class);
    assertThat(guard(Set.of("[::1]")).resolve("[::1]", 443)).hasSize(1);
    assertThat(guard(Set.of("[::1]")).resolve("::1", 443)).hasSize(1);
  }

  @Test
  void anAllowedNameDoesNotLeadToTheMachinesCredentials() throws UnknownHostException {
    for (String address :
        List.of("169.254.169.254", "fd00:ec2::254", "fe80::1", "64:ff9b::169.254.169.254")) {
      assertThatThrownBy(() -> guard(Set.of("sink.internal"), address).resolve("sink.internal", 80))
          .isInstanceOf(RefusedTargetException.class);
    }
    assertThat(guard(Set.of("169.254.1.1")).resolve("169.254.1.1", 80)).hasSize(1);
  }

  @Test
  void whatNobodyKnowsIsNotRefused() {
    AddressGuard guard =
        new AddressGuard(
            new TransportSettings(Set.of()),
            host -> {
              throw new UnknownHostException(host);
            });
    assertThatThrownBy(() -> guard.resolve("gone.example", 443))
        .isInstanceOf(UnknownHostException.class)
        .isNotInstanceOf(RefusedTargetException.class)
        .hasMessageNotContaining("gone.example");
  }
}
