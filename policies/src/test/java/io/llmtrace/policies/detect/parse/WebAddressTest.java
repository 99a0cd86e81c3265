package io.llmtrace.policies.detect.parse;

import static org.assertj.core.api.Assertions.assertThat;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.AlphaChars;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.StringLength;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WebAddressTest {
  @Property
  void parts_come_back_as_they_were(
      @ForAll @AlphaChars @StringLength(min = 1, max = 10) String host,
      @ForAll @IntRange(min = 1, max = 65535) int port,
      @ForAll @AlphaChars @StringLength(max = 10) String path,
      @ForAll @AlphaChars @StringLength(min = 1, max = 10) String name,
      @ForAll @AlphaChars @StringLength(max = 10) String value) {
    WebAddress address =
        WebAddress.parse(
                "https://u:p@" + host + ":" + port + "/" + path + "?" + name + "=" + value + "#f")
            .orElseThrow();
    assertThat(address)
        .isEqualTo(new WebAddress("https", "u:p", host, port, "/" + path, name + "=" + value, "f"));
    assertThat(address.parameters()).containsExactly(new WebAddress.Parameter(name, value));
  }

  @ParameterizedTest
  @CsvSource({
    "http:/h/p, h",
    "http:h/p, h",
    "http:///h/p, h",
    "http:\\\\h\\p, h",
    "//h/p, h",
    "'ht\ttp://h/p', h",
    "https://a@b@h/p, h",
    "https://%68/p, h",
    "https://[::1]:8/p, [::1]",
    "http://h?x@y, h",
    "http://h#@y, h"
  })
  void is_read_as_leniently_as_browsers_do(String written, String host) {
    assertThat(WebAddress.parse(written).orElseThrow().host()).isEqualTo(host);
  }

  @Test
  void what_has_no_scheme_is_no_address() {
    assertThat(WebAddress.parse("example.org/a")).isEmpty();
    assertThat(WebAddress.parse("a:b")).isEmpty();
    assertThat(WebAddress.parse("")).isEmpty();
  }

  @Test
  void a_local_file_has_no_host() {
    WebAddress address = WebAddress.parse("file:///etc/hosts").orElseThrow();
    assertThat(address.host()).isEmpty();
    assertThat(address.path()).isEqualTo("///etc/hosts");
  }
}
